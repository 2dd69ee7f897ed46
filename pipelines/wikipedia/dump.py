"""A dump as chunks of whole pages, the same ones every time, in constant memory."""

import contextlib
import functools
import itertools
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.text_files import require_file
from pipelines.wikipedia.bzip2 import unpack_bzip2
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.page import Page, parse_pages
from pipelines.wikipedia.page_cutter import BEGIN, LAST, PageCutter
from pipelines.wikipedia.parts import Part, belonging, divide
from pipelines.wikipedia.seven_zip import unpack_7z
from pipelines.wikipedia.site import Site, read_site
from pipelines.wikipedia.sources.pages import read_pages
from pipelines.wikipedia.sources.record_source import fingerprint
from pipelines.wikipedia.sources.source import Read
from pipelines.wikipedia.unpacking import Block, unpack

LONGEST_HEAD = 1 << 22  # bytes; those of real dumps take some 3 to 20 thousand
NAME = re.compile(r"(?:([a-z]\w*)-)?(?:(\d{8})|latest)-")  # enwiki-20260101-pages-articles...
SUFFIXES = (".xml", ".bz2", ".gz", ".xz", ".zst", ".7z")


class Dump:
    """Reads a MediaWiki XML export: .xml, or packed as .bz2, .gz, .xz, .zst or .7z.

    threads: how many unpack .bz2; two are faster than one, but take 1.6 times its work, so more
        than one pay where cores are idle; what is read does not depend on them
    chunk_bytes: about the size of a chunk
    largest_page: pages of more bytes are left out and counted in `skipped`

    While chunks are read, `position` tells how many of the file's `size` bytes were read.

    Raises:
        ValueError: there is no such file, or it is not named like a dump.
    """

    def __init__(
        self,
        path: str | Path,
        threads: int = 1,
        chunk_bytes: int = 1 << 20,
        largest_page: int = 1 << 26,
    ):
        path = Path(path)
        self.path = require_file(path.parent, path.name)
        if path.suffix not in SUFFIXES:
            raise ValueError(f"{path}: a dump's name ends with one of {', '.join(SUFFIXES)}")
        self.size = self.path.stat().st_size
        self.threads = threads
        self.skipped = self.position = 0
        self._chunk_bytes, self._largest_page = chunk_bytes, largest_page
        # What was unpacked to know the site is not unpacked anew for the chunks.
        self._begun: _Begun | None = None

    @functools.cached_property
    def site(self) -> Site:
        """What the dump says of its wiki."""
        with self._named():
            self._begun = self._begun or self._begin()
            return read_site(self._begun.head)

    @property
    def read(self) -> Read:
        """The function that reads a chunk."""
        return read_pages

    def identity(self) -> dict[str, Any]:
        """Tells which dump it is; one with other pages has another identity."""
        named = NAME.match(self.path.name)
        return {
            "kind": "dump",
            "name": self.path.name,
            "wiki": named[1] if named else None,
            "date": named[2] if named else None,
            "bytes": self.size,
            "fingerprint": fingerprint(self.path),
            "schema": self.site.version,
            "language": self.site.language,
        }

    def chunks(self, first: int = 0) -> Iterator[bytes]:
        """Yields chunks of whole <page> elements from chunk `first` on.

        A chunk holds about `chunk_bytes`; its number and contents depend on nothing but the dump
        and that size.

        Raises:
            DamagedDump: the dump is cut short or damaged; every whole page before was yielded.
            ValueError: it is not a MediaWiki export, or declares entities.
        """
        return itertools.islice(self._chunks(), first, None)

    def pages(self) -> Iterator[Page]:
        """Yields the pages one by one.

        Raises:
            DamagedDump, ValueError: see `chunks`.
        """
        for chunk in self._chunks():
            with self._named():
                yield from parse_pages(chunk, self.site)

    def parts(self, count: int) -> list[Part]:
        """Divides the dump into at most `count` parts; only .xml and multistream .bz2 have many."""
        return divide(self.path, count)

    def read_part(self, part: Part) -> Iterator[bytes]:
        """Yields chunks of the pages of a part, which needs none of the others.

        Raises:
            DamagedDump: see `chunks`.
        """
        if part == (0, self.size):
            yield from self._chunks()
            return
        with self._named():
            blocks = belonging(unpack(self.path, part.start, part.end), part)
            yield from self._cut(blocks)

    def _chunks(self) -> Iterator[bytes]:
        with self._named():
            begun, self._begun = self._begun or self._begin(), None
            with contextlib.closing(begun.blocks):
                read_site(begun.head)
                _check_end((yield from self._cut(begun.rest)))

    def _begin(self) -> "_Begun":
        blocks = self._blocks()
        try:
            return _Begun(blocks, *_head(blocks))
        except BaseException:
            blocks.close()
            raise

    def _blocks(self) -> Generator[Block, None, None]:
        if self.path.suffix == ".7z":
            return unpack_7z(self.path)
        if self.path.suffix == ".bz2":
            return unpack_bzip2(self.path, self.threads)
        return unpack(self.path)

    def _cut(self, blocks: Iterator[Block]) -> Generator[bytes, None, bytes]:
        """Yields chunks, the last whole pages before a fault too; returns what follows them."""
        cutter = PageCutter(self._chunk_bytes, self._largest_page)
        fault: DamagedDump | None = None
        self.skipped = 0
        try:
            for block in blocks:
                self.position = block.position
                yield from cutter.feed(block.xml)
                self.skipped = cutter.skipped
        except DamagedDump as error:
            fault = error
        pages, after = cutter.rest()
        if pages:
            yield pages
        if fault:
            raise fault
        return after

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Puts the dump's name before what an error says."""
        try:
            yield
        except DamagedDump as error:
            raise DamagedDump(f"{self.path} is damaged: {error}") from None
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        except OSError as error:
            raise ValueError(f"cannot read {self.path}: {error.strerror}") from None


class _Begun(NamedTuple):
    """A dump that was read up to its first page: what stands before it, and what follows."""

    blocks: Generator[Block, None, None]
    head: bytes
    rest: Iterator[Block]


def _head(blocks: Iterator[Block]) -> tuple[bytes, Iterator[Block]]:
    """Parts what stands before the first page from the blocks that begin with it."""
    head, fault = bytearray(), None
    try:
        for block in blocks:
            searched = max(0, len(head) - len(LAST))
            head += block.xml
            places = [head.find(tag, searched) for tag in (BEGIN, LAST)]
            begin = min((place for place in places if place >= 0), default=-1)
            if begin >= 0:
                first = block._replace(xml=bytes(head[begin:]))
                return bytes(head[:begin]), itertools.chain([first], blocks)
            if len(head) > LONGEST_HEAD:
                return bytes(head), iter(())
    except DamagedDump as error:
        fault = error
    if fault is None or head:
        read_site(bytes(head))
    raise fault or DamagedDump("it ends before its first page")


def _check_end(after: bytes) -> None:
    """Checks what follows the last whole page."""
    rest = after.strip()
    if rest == LAST:
        return
    if rest.startswith(LAST):
        raise DamagedDump(f"it goes on after {LAST.decode()}: {rest[len(LAST):][:60]!r}")
    inside = "inside a page" if rest.startswith(b"<page") else f"with {rest[-60:]!r}"
    raise DamagedDump(f"it ends {inside if rest else 'after a page'}, before {LAST.decode()}")
