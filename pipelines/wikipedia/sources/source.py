"""What articles are prepared from, in chunks that workers read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.site import Site


class Record(NamedTuple):
    """An article before its text is split into sentences; `id` is 0 where it is not known."""

    id: int
    title: str
    sections: list[Section[str]]


# Turns a chunk into records and counts pages by kind, in another process than the source's.
Read = Callable[[bytes, Site, GroupedCounts], Iterator[Record]]


class Source(Protocol):
    """Gives chunks, the same ones every time, and the function that reads one.

    While chunks are read, `position` tells how much of `size` was read, if that is known (both are
    0 if not), and `skipped` how many pages were left out.
    """

    path: Path
    size: int
    position: int
    skipped: int

    @property
    def site(self) -> Site:
        """What is known of the wiki."""

    @property
    def read(self) -> Read:
        """The function that reads a chunk."""

    def chunks(self, first: int = 0) -> Iterator[bytes]:
        """Yields chunks of about a megabyte, from chunk `first` on."""

    def identity(self) -> dict[str, Any]:
        """Tells for a manifest what is read; another text has another identity."""
