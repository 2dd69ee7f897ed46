"""Unpacks a dump block by block, so that everything before a fault is given before the error."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import zstandard

from pipelines.wikipedia.damaged_dump import DamagedDump

READ = 1 << 16  # bytes of the file at once: of bz2, about a third of what a block takes
MOST = 1 << 20  # bytes unpacked at once, however well they are packed
FAULTS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class Block(NamedTuple):
    """Unpacked bytes.

    stream: where in the file the packed stream begins that held them; of a file that is not
        packed, where they stand
    position: how many bytes of the file were read, to tell how far the reading is
    """

    xml: bytes
    stream: int
    position: int


class Packing(NamedTuple):
    """How the decompressor of one stream of a format is made, and how it is to be fed.

    step: bytes to give it at once; limit: bytes to take at once, where it can be told
    """

    new: Callable[[], Any]
    step: int
    limit: tuple[int, ...]


PACKINGS = {
    ".bz2": Packing(bz2.BZ2Decompressor, READ, (MOST,)),
    # Of these, a step gives what it will: at most 1 MB, of .zst 32.
    ".gz": Packing(lambda: zlib.decompressobj(zlib.MAX_WBITS + 16), 1 << 10, ()),
    ".xz": Packing(lzma.LZMADecompressor, READ, (MOST,)),
    ".zst": Packing(lambda: zstandard.ZstdDecompressor().decompressobj(), 1 << 10, ()),
}


def unpack(path: Path, start: int = 0, boundary: int = 0) -> Generator[Block, None, None]:
    """Yields what a file holds from the stream on that begins at byte `start`.

    No block of a file that is not packed spans byte `boundary`.

    Raises:
        DamagedDump: the file is damaged or cut short; all before was yielded.
    """
    with open(path, "rb") as file:
        file.seek(start)
        packing = PACKINGS.get(path.suffix)
        yield from _streams(file, packing) if packing else _plain(file, boundary)


def _plain(file: BinaryIO, boundary: int) -> Generator[Block, None, None]:
    while True:
        place = file.tell()
        xml = file.read(min(MOST, boundary - place) if place < boundary else MOST)
        if not xml:
            return
        yield Block(xml, place, place + len(xml))


def _streams(file: BinaryIO, packing: Packing) -> Generator[Block, None, None]:
    packed = file.read(READ)
    while packed:
        start = file.tell() - len(packed)
        stream = _Stream(packing)
        try:
            while packed and not stream.ended:
                for xml in stream.feed(packed):
                    yield Block(xml, start, file.tell())
                packed = stream.unused if stream.ended else file.read(READ)
        except FAULTS as error:
            place = file.tell() - len(packed)
            for xml in _rescue(file, packing, start, place, stream.given):
                yield Block(xml, start, file.tell())
            raise DamagedDump(f"{error} (after byte {place} of the file)") from None
        if not stream.ended:
            raise DamagedDump(f"the file ends inside a packed stream, after {file.tell()} bytes")
        # Zeros may fill up a file or part its streams.
        packed = packed.lstrip(b"\0") or file.read(READ).lstrip(b"\0")


def _rescue(
    file: BinaryIO, packing: Packing, start: int, place: int, given: int
) -> Iterator[bytes]:
    """Yields what a decompressor had unpacked when it failed, and did not give.

    It unpacks the stream anew, byte by byte near `place`, but for the `given` bytes.
    """
    stream = _Stream(packing)
    file.seek(start)
    try:
        while packed := file.read(max(1, min(READ, place - file.tell()))):
            for xml in stream.feed(packed):
                yield xml[max(0, len(xml) - (stream.given - given)) :]
    except FAULTS:
        return


class _Stream:
    """One of the streams, one after the other, that a file is made of."""

    def __init__(self, packing: Packing):
        self._decompressor = packing.new()
        self._step, self._limit = packing.step, packing.limit
        self.given = 0
        self.unused = b""

    @property
    def ended(self) -> bool:
        """Says whether the stream was whole; `unused` is what followed it."""
        return self._decompressor.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Unpacks some more."""
        for start in range(0, len(packed), self._step):
            piece: bytes | None = packed[start : start + self._step]
            while piece is not None:
                xml = self._decompressor.decompress(piece, *self._limit)
                self.given += len(xml)
                if xml:
                    yield xml
                more = self._limit and not (self.ended or self._decompressor.needs_input)
                piece = b"" if more else None
            if self.ended:
                self.unused = self._decompressor.unused_data + packed[start + self._step :]
                return
