"""A file of a header and blocks of bytes, whole or refused: what phases leave for each other."""

import json
import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pipelines.whole_files import write_whole

LENGTH = 8  # bytes, little-endian, before the header


def write_blocks(path: Path, header: dict, blocks: list[bytes]) -> None:
    """Writes a header, which JSON can hold, and blocks; the file is there whole or not at all."""
    lengths = [len(block) for block in blocks]
    head = json.dumps(header | {"blocks": lengths}).encode()
    write_whole(path, b"".join([len(head).to_bytes(LENGTH, "little"), head, *blocks]))


class Blocks(NamedTuple):
    """An opened file that `write_blocks` wrote; blocks are read one by one."""

    file: BinaryIO
    header: dict
    offsets: list[int]  # where each block begins, and where the last one ends

    @classmethod
    def open(cls, path: Path) -> "Blocks":
        """Reads the header.

        Raises:
            ValueError: the file is not whole, as it may be after the machine lost its power.
            OSError: it is not there.
        """
        file = open(path, "rb")
        try:
            length = int.from_bytes(file.read(LENGTH), "little")
            head = file.read(length) if length < os.fstat(file.fileno()).st_size else b""
            header = json.loads(head)
            offsets = [LENGTH + length]
            for size in header["blocks"]:
                offsets.append(offsets[-1] + size)
            if offsets[-1] != os.fstat(file.fileno()).st_size:
                raise ValueError(f"{offsets[-1]} bytes wanted")
        except ValueError as error:
            file.close()
            raise ValueError(f"{path} is not whole ({error}): remove it, and go on") from None
        return cls(file, header, offsets)

    def read(self, index: int) -> bytes:
        """Returns a block."""
        begin, end = self.offsets[index : index + 2]
        return os.pread(self.file.fileno(), end - begin, begin)

    def __enter__(self) -> "Blocks":
        return self

    def __exit__(self, *error) -> None:
        self.file.close()
