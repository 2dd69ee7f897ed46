"""A dump as chunks of whole pages, the same ones every time, in constant memory."""

import contextlib
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

from pipelines.text_files import require_file
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.page import Page, parse_pages
from pipelines.wikipedia.page_cutter import BEGIN, LAST, PageCutter
from pipelines.wikipedia.site import Site, read_site
from pipelines.wikipedia.unpacking import Block, unpack

LONGEST_HEAD = 1 << 22  # bytes; those of real dumps take some 3 to 20 thousand


class Dump:
    """Reads a MediaWiki XML export: .xml, or that in .bz2, .gz, .xz or .zst.

    threads: how many unpack where the format allows it; what is read does not depend on it
    chunk_bytes: about the size of a chunk
    largest_page: pages of more bytes are left out and counted in `skipped`

    Raises:
        ValueError: there is no such file, or it is not a MediaWiki export.
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
        self.threads = threads
        self.skipped = 0
        self._chunk_bytes, self._largest_page = chunk_bytes, largest_page

    @functools.cached_property
    def site(self) -> Site:
        """What the dump says of its wiki."""
        with self._named():
            return read_site(_head(unpack(self.path))[0])

    def chunks(self, first: int = 0) -> Iterator[bytes]:
        """Yields chunks of whole <page> elements from chunk `first` on.

        A chunk holds about `chunk_bytes`; its number and contents depend on nothing but the dump
        and that size.

        Raises:
            DamagedDump: the dump is cut short or damaged; every whole page before was yielded.
        """
        return itertools.islice(self._chunks(), first, None)

    def pages(self) -> Iterator[Page]:
        """Yields the pages one by one."""
        for chunk in self.chunks():
            yield from parse_pages(chunk, self.site)

    def _chunks(self) -> Iterator[bytes]:
        cutter = PageCutter(self._chunk_bytes, self._largest_page)
        fault: DamagedDump | None = None
        with self._named():
            head, blocks = _head(unpack(self.path))
            read_site(head)
            try:
                for block in blocks:
                    yield from cutter.feed(block.xml)
                    self.skipped = cutter.skipped
            except DamagedDump as error:
                fault = error
            pages, after = cutter.rest()
            if pages:
                yield pages
            if fault:
                raise fault
            _check_end(after)

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
                first = Block(bytes(head[begin:]), block.stream)
                return bytes(head[:begin]), itertools.chain([first], blocks)
            if len(head) > LONGEST_HEAD:
                return bytes(head), iter(())
    except DamagedDump as error:
        fault = error
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


def pages(path: Path) -> Iterator[Page]:
    """Yields the pages of a dump one by one."""
    return Dump(path).pages()
