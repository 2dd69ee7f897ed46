"""Asks servers for files over HTTP: says who asks, tries again, and waits when told to."""

import contextlib
import errno
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import TypeVar

TIMEOUT = 60  # seconds without a byte
PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that may be others in a while
LONGEST_WAIT = 120  # seconds
LARGEST_LIST = 1 << 26  # bytes of a list of files
FULL = (errno.ENOSPC, errno.EDQUOT)
Result = TypeVar("Result")
Sleep = Callable[[float], None]


class Missing(ValueError):
    """Says that a server has no such file."""


class OutOfRange(OSError):
    """Says that a file has no such bytes as were asked for."""


def user_agent() -> str:
    """Names this program, since servers turn nameless ones away."""
    try:
        return f"keras-seq2seq/{metadata.version('keras-seq2seq')} (Wikipedia corpus)"
    except metadata.PackageNotFoundError:
        return "keras-seq2seq (Wikipedia corpus)"


@contextlib.contextmanager
def ask(url: str, headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
    """Opens a URL.

    Raises:
        Missing: the server has no such file.
        ValueError: it refuses, or the address is none.
        OutOfRange: it has no such bytes; ask for all of them.
        OSError, HTTPException: the connection broke, or the server has trouble: try again.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no address of a server: it begins with https:// or http://")
    own = {"User-Agent": user_agent(), "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**own, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            yield response
    except urllib.error.HTTPError as error:
        if error.code in PASSING:
            raise
        error.close()
        if error.code in (404, 410):
            raise Missing(f"there is no {url}") from None
        if error.code == 416:
            raise OutOfRange(f"{url} is shorter than it was") from None
        raise ValueError(f"{url}: the server answers {error.code} {error.reason}") from None


def insist(
    work: Callable[[], Result],
    sleep: Sleep,
    measure: Callable[[], int] = lambda: 0,
    tries: int = 6,
) -> Result:
    """Calls `work` again when a connection broke: after 1 second, then after 2, 4, 8 ...

    A call after which `measure` says more than ever before does not count as one of the tries.

    Raises:
        ValueError: the last of the tries failed as well.
        OSError: the disk is full.
    """
    number, most = 0, measure()
    while True:
        try:
            return work()
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in FULL:
                raise
            number, most = (0, measure()) if measure() > most else (number + 1, most)
            if number == tries:
                what = f"{error or type(error).__name__}"
                raise ValueError(
                    f"the server cannot be read, tried {tries} times: {what}"
                ) from None
            wait = _wait(error, number)
        sleep(wait)


def read(url: str, sleep: Sleep = time.sleep) -> bytes:
    """Returns a small file.

    Raises:
        Missing, ValueError: see `ask` and `insist`.
    """

    def work() -> bytes:
        with ask(url) as response:
            return response.read(LARGEST_LIST)

    return insist(work, sleep)


def _wait(error: Exception, number: int) -> float:
    """Returns how many seconds to wait: as long as the server says, or twice the last time."""
    said = error.headers.get("Retry-After", "") if isinstance(error, urllib.error.HTTPError) else ""
    return min(LONGEST_WAIT, int(said) if said.isdecimal() else 2 ** max(0, number - 1))
