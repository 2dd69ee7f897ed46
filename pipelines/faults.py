"""What is wrong with an example, and what to do about it: stop and say where, or drop and count."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

Faulty = Literal["error", "drop"]
Item = TypeVar("Item")
Example = TypeVar("Example")


class Fault(ValueError):
    """Says why an example cannot be used.

    `reason` is the same for all such examples ("empty line") and is what drops are counted by,
    `place` is file and line ("train.en:12"), `detail` is particular to this example.
    """

    def __init__(self, reason: str, place: str = "", detail: str = ""):
        super().__init__(": ".join(part for part in (place, reason, detail) if part))
        self.reason, self.place, self.detail = reason, place, detail

    def at(self, place: str) -> "Fault":
        """Returns the same fault at `place`, unless its place is known already."""
        return Fault(self.reason, self.place or place, self.detail)


def keep_good(
    items: Iterable[Item],
    parse: Callable[[Item], Example],
    faulty: Faulty,
    dropped: Counter,
) -> Iterator[Example]:
    """Yields `parse(item)` of each item; a Fault is an error, or is counted in `dropped`.

    Raises:
        ValueError: an item is faulty, and `faulty` is "error".
    """
    for item in items:
        try:
            example = parse(item)
        except Fault as fault:
            if faulty == "error":
                hint = 'mend it, or set faulty = "drop" to drop and count such examples'
                raise ValueError(f"{fault} ({hint})") from None
            dropped[fault.reason] += 1
        else:
            yield example


def require_split(split: str, known: Iterable[str]) -> None:
    """Checks that a corpus has a split.

    Raises:
        ValueError: it has not; the message names the splits there are.
    """
    known = list(known)
    if split not in known:
        raise ValueError(f"no split {split!r} (known: {', '.join(known) or 'none'})")
