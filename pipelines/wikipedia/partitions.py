"""Records on disk, parted by their keys, so that equal keys meet in bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

RECORD = np.dtype([("key", "<u8"), ("place", "<u8")])


class Partitions:
    """Files of (key, place); all records of a key are in one file, in the order they came.

    Keys are hashes, so that the files are about as large as each other: `expected` records in
    all make files of about `largest`. No more than `largest` are in memory at a time.
    """

    def __init__(self, folder: Path, expected: int, largest: int):
        folder.mkdir()
        self._folder, self._largest = folder, largest
        self._bits = max(0, (max(1, -(-expected // largest)) - 1).bit_length())
        self._held: list[np.ndarray] = []
        self._count = 0

    def add(self, keys: np.ndarray, places: np.ndarray) -> None:
        """Adds records: keys [N] uint64, places [N] of any whole numbers."""
        for start in range(0, len(keys), self._largest):
            part = slice(start, start + self._largest)
            records = np.empty(len(keys[part]), RECORD)
            records["key"], records["place"] = keys[part], places[part]
            if self._count + len(records) > self._largest:
                self._write()
            self._held.append(records)
            self._count += len(records)

    def read(self) -> Iterator[Iterator[np.ndarray]]:
        """Yields for each file an iterator over its records, at most `largest` at a time."""
        self._write()
        for number in range(1 << self._bits):
            yield self._blocks(self._folder / str(number))

    def _blocks(self, path: Path) -> Iterator[np.ndarray]:
        if not path.exists():
            return
        with open(path, "rb") as file:
            while len(block := np.fromfile(file, RECORD, self._largest)):
                yield block

    def _write(self) -> None:
        """Appends what is held to the files."""
        if not self._held:
            return
        records = np.concatenate(self._held)
        self._held, self._count = [], 0
        # Shifting by 64 at once is not defined.
        files = records["key"] >> np.uint64(1) >> np.uint64(63 - self._bits)
        order = np.argsort(files, kind="stable")
        ends = np.searchsorted(files[order], np.arange(1 << self._bits), side="right")
        for number, part in enumerate(np.split(order, ends[:-1])):
            if len(part):
                with open(self._folder / str(number), "ab") as file:
                    records[part].tofile(file)
