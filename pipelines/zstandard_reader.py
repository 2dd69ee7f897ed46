"""Reads zstandard files to their true end."""

import io
from typing import BinaryIO, cast

import zstandard

READ = 16_384  # bytes of input at a time, so that what they unpack to stays small


class ZstandardReader(io.RawIOBase):
    """A file's contents, unpacked; one cut short is an error.

    The library's own reader takes a file that breaks off for one that ends there, and of several
    frames in a row it reads the first.
    """

    def __init__(self, path, mode: str = "rb"):
        self._file = cast(BinaryIO, open(path, mode))
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        """Fills a buffer as far as it can; returns how many bytes, 0 at the end.

        Raises:
            EOFError: the file ends inside a frame.
            OSError: it is no zstandard file, or damaged.
        """
        while not self._ready:
            read = self._file.read(READ)
            if not read:
                if self._begun:
                    raise EOFError("it ends inside a zstandard frame")
                return 0
            try:
                self._ready = memoryview(self._unpack(read))
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from None
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpack(self, read: bytes) -> bytes:
        parts = []
        while read:
            self._begun = True
            parts.append(self._frame.decompress(read))
            read = b""
            if self._frame.eof:
                read = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_zstandard(path, mode: str = "rb") -> BinaryIO:
    """Opens a zstandard file for reading, lines included."""
    return io.BufferedReader(ZstandardReader(path, mode), 1 << 17)
