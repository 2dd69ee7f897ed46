"""A source whose chunks are lines of JSON."""

import abc
import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.sources.records import read_records
from pipelines.wikipedia.sources.source import Read

CHUNK = 1 << 20  # bytes
END = 1 << 20  # bytes of the beginning and the end of a file that its fingerprint is of


class RecordSource(abc.ABC):
    """Gives lines of JSON, of which `read_records` makes articles.

    language: code of the text's language, for those who split it
    """

    def __init__(self, path: Path, language: str):
        self.path = path
        self.site = Site(language=language)
        self.size = self.position = self.skipped = 0

    @property
    def read(self) -> Read:
        return read_records

    @abc.abstractmethod
    def lines(self) -> Iterator[bytes]:
        """Yields a line of JSON for each article, always the same ones in the same order."""

    @abc.abstractmethod
    def identity(self) -> dict[str, Any]:
        """Tells what is read: see `Source`."""

    def chunks(self, first: int = 0) -> Iterator[bytes]:
        """Yields lines, about a megabyte of them together, from chunk `first` on.

        Raises:
            DamagedDump: the text is cut short or damaged; all before was yielded.
        """
        return itertools.islice(self._chunks(), first, None)

    def _chunks(self) -> Iterator[bytes]:
        held: list[bytes] = []
        size, fault = 0, None
        try:
            for line in self.lines():
                held.append(line)
                size += len(line)
                if size >= CHUNK:
                    yield b"\n".join(held)
                    held, size = [], 0
        except DamagedDump as error:
            fault = error
        if held:
            yield b"\n".join(held)
        if fault:
            raise fault


def fingerprint(path: Path) -> str:
    """Returns a digest of the beginning and the end of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        digest.update(file.read(END))
        file.seek(max(0, path.stat().st_size - END))
        digest.update(file.read())
    return digest.hexdigest()
