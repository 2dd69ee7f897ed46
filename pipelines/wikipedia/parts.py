"""Parts of a dump that different machines can read, each without the others."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipelines.wikipedia.bzip2 import HEADER
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.page_cutter import BEGIN, END, LAST
from pipelines.wikipedia.unpacking import Block

READ = 1 << 22
KEPT = 64  # bytes of what was read: more than a tag, or the end of a dump and the space after it


class Part(NamedTuple):
    """A range of a file's bytes; the pages that begin there are the part's."""

    start: int
    end: int


def divide(path: Path, count: int) -> list[Part]:
    """Divides a file into at most `count` parts of about the same size.

    A .bz2 is divided where its streams begin (a multistream dump has one each 100 pages), a file
    that is not packed anywhere; all others make one part.
    """
    size = path.stat().st_size
    if path.suffix not in (".xml", ".bz2"):
        return [Part(0, size)]
    places = [0]
    for number in range(1, count):
        place = max(size * number // count, places[-1] + 1)
        if path.suffix == ".bz2":
            place = _next_stream(path, place)
        if place >= size:
            break
        places.append(place)
    return [Part(start, end) for start, end in zip(places, [*places[1:], size])]


def _next_stream(path: Path, place: int) -> int:
    """Finds where the first stream begins from byte `place` on; the file's size if none does."""
    with open(path, "rb") as file:
        file.seek(place)
        held = b""
        while read := file.read(READ):
            held += read
            if found := HEADER.search(held):
                return file.tell() - len(held) + found.start()
            held = held[-16:]
        return file.tell()


def belonging(blocks: Iterator[Block], part: Part) -> Iterator[Block]:
    """Yields what belongs to a part, of the blocks from its start to the end of the dump.

    That is all from the first page that begins in the part to the end of the last one that does,
    which may lie behind the part.

    Raises:
        DamagedDump: the dump ends before its end.
    """
    tail, begun, inside = b"", False, False
    for block in blocks:
        if block.stream >= part.end:
            yield from _rest(itertools.chain([block], blocks), tail[1 - len(END) :], begun, inside)
            return
        seen = tail + block.xml
        place = 0 if begun else seen.find(BEGIN)
        if place >= 0:
            yield block if begun else block._replace(xml=seen[place:])
            begun = True
        begins, ends = seen.rfind(BEGIN), seen.rfind(END)
        inside = begins > ends if begins != ends else inside
        tail = seen[-KEPT:]
    end = tail.rstrip()
    # Of a part that begins inside the last tag, the end of the tag is all there is.
    if not (end.endswith(LAST) or not begun and LAST.endswith(end)):
        raise DamagedDump(f"it ends with {tail[-20:]!r}, before {LAST.decode()}")


def _rest(blocks: Iterator[Block], tail: bytes, begun: bool, inside: bool) -> Iterator[Block]:
    """Yields the end of the page that is open, or whose first tag ends, behind a part.

    `tail` holds the last bytes of the part, less than a tag.
    """
    seen, edge = tail, len(tail)
    for block in blocks:
        seen += block.xml
        if not inside and len(seen) < edge + len(BEGIN):
            continue
        if not inside:
            place = seen.find(BEGIN)
            if not 0 <= place < edge:
                return
            inside = True
            seen, edge = (seen, edge) if begun else (seen[place:], 0)
        end = seen.find(END) + len(END)
        yield block._replace(xml=seen[edge:end] if end >= len(END) else seen[edge:])
        if end >= len(END):
            return
        seen = seen[1 - len(END) :]
        edge = len(seen)
    if inside:
        raise DamagedDump("it ends inside a page")
