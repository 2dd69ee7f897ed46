"""Downloads a dump: goes on where it broke off, and gives it its name when its sum is right."""

import errno
import hashlib
import http.client
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.whole_files import write_whole
from pipelines.wikipedia.dumps_site import NAMED, DumpsSite, RemoteFile, names
from pipelines.wikipedia.server import FULL, Missing, OutOfRange, Sleep, ask, insist

READ = 1 << 20
RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
Watch = Callable[[int, int], None]  # bytes that are there, bytes in all (0: not known)


def is_remote(source: str) -> bool:
    """Says whether a dump is to be downloaded: a URL, "enwiki@latest" or "itwiki@20260101"."""
    return source.startswith(("https://", "http://")) or NAMED.fullmatch(source) is not None


def download(
    source: str,
    folder: Path,
    address: str = "",
    watch: Watch = lambda done, total: None,
    sleep: Sleep = time.sleep,
) -> Path:
    """Downloads a dump to `folder`, and returns its path; one that is there already is taken.

    While it is not whole its name ends with ".part", and the same call goes on with it.

    source: a URL, "enwiki@latest" or "itwiki@20260101"
    address: of a mirror of the dumps' site, see `DumpsSite`

    Raises:
        ValueError: there is no such file, the server does not answer, or the check sum is wrong.
        OSError: the disk is full; what came is kept.
    """
    for name in names(source):
        if (path := Path(folder, name)).is_file():
            return path
    remote = DumpsSite(address, sleep).find(source)
    if not re.fullmatch(r"[^./\\][^/\\]*", remote.name):
        raise ValueError(f"{source} does not end with the name of a file")
    path = Path(folder, remote.name)
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    transfer = _Transfer(remote, path, watch)
    try:
        transfer.run(sleep)
    except Missing as error:
        raise ValueError(f"{error} (asked for as {source})") from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        hint = f"make room, and give the same command again: it goes on from {transfer.part}"
        raise OSError(error.errno, f"no space is left in {path.parent}; {hint}") from None
    transfer.finish()
    return path


class _Transfer:
    """A file on its way: what came so far, and what tells that it is still the same file."""

    def __init__(self, remote: RemoteFile, path: Path, watch: Watch):
        self.remote, self.path, self.watch = remote, path, watch
        self.part = path.with_name(f"{path.name}.part")
        self.facts = path.with_name(f"{path.name}.part.json")

    def run(self, sleep: Sleep) -> None:
        """Fetches what is missing, and tries again while that brings something."""
        if not self._is_whole():
            insist(self._fetch, sleep, self._there)

    def finish(self) -> None:
        """Checks the sum, and gives the file its name.

        Raises:
            ValueError: the sum is wrong; the file is kept under another name.
        """
        algorithm, wanted = self.remote.algorithm, self.remote.sum
        if algorithm:
            with open(self.part, "rb") as file:
                found = hashlib.file_digest(file, algorithm).hexdigest()
            if found != wanted:
                aside = self.part.replace(self.path.with_name(f"{self.path.name}.damaged"))
                self.facts.unlink(missing_ok=True)
                raise ValueError(
                    f"{self.remote.url} came with the {algorithm} sum {found}, not {wanted} as the "
                    f"site says. It is kept as {aside}; the same command downloads it anew"
                )
        self.part.replace(self.path)
        self.facts.unlink(missing_ok=True)

    def _fetch(self) -> None:
        there, facts = self._there(), self._read_facts()
        headers = {}
        if there:
            headers["Range"] = f"bytes={there}-"
            if facts["validator"]:
                headers["If-Range"] = facts["validator"]
        try:
            with ask(self.remote.url, headers) as response:
                self._receive(response, there)
        except OutOfRange:
            self.part.unlink(missing_ok=True)
            raise

    def _receive(self, response: http.client.HTTPResponse, there: int) -> None:
        """Adds what the server sends to what is there, or puts it in its place."""
        part = RANGE.fullmatch(response.headers.get("Content-Range", ""))
        validator = _validator(response)
        if response.status != 206:
            there = 0
        elif not part or int(part[1]) != there or validator != self._read_facts()["validator"]:
            self.part.unlink(missing_ok=True)
            raise ConnectionError(f"{self.remote.url} changed while it was downloaded")
        length = response.headers.get("Content-Length", "")
        total = there + int(length) if length.isdecimal() else self.remote.size
        self._check(total, there)
        if not there:
            # Before the facts: nothing old may be taken for the beginning of the new file.
            self.part.unlink(missing_ok=True)
        facts = {"file": self.remote, "validator": validator, "total": total}
        write_whole(self.facts, json.dumps(facts))
        with open(self.part, "ab") as file:
            while block := response.read(READ):
                file.write(block)
                there += len(block)
                self.watch(there, total)
        if there < total:
            raise ConnectionError(f"{self.remote.url} broke off after {there} of {total} bytes")

    def _check(self, total: int, there: int) -> None:
        """Checks the length before much is downloaded."""
        if self.remote.size and total != self.remote.size:
            raise ValueError(
                f"{self.remote.url} has {total} bytes, not {self.remote.size} as the site's list "
                "says: it may be in the making, try again later"
            )
        free = shutil.disk_usage(self.path.parent).free
        if free < total - there:
            raise OSError(errno.ENOSPC, f"{total - there} bytes are to come, {free} are free")

    def _there(self) -> int:
        """Returns how many bytes can be kept of an earlier try."""
        facts = self._read_facts()
        # Without a sum, only the server can tell whether it is still the same file.
        known = facts["validator"] or self.remote.sum
        return self.part.stat().st_size if known and self.part.is_file() else 0

    def _is_whole(self) -> bool:
        return 0 < self._there() == self._read_facts()["total"]

    def _read_facts(self) -> dict:
        """Returns what is known of an earlier try at the same file."""
        try:
            facts = json.loads(self.facts.read_text(encoding="utf-8"))
            if facts["file"] == list(self.remote):
                return {"validator": str(facts["validator"]), "total": int(facts["total"])}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return {"validator": "", "total": 0}


def _validator(response: http.client.HTTPResponse) -> str:
    """Returns what tells a file from its later versions: a strong tag, or its time."""
    tag = response.headers.get("ETag", "")
    return response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
