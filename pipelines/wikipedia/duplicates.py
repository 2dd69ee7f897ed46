"""Finds paragraphs that came before, and articles that nearly did, in bounded memory."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.wikipedia.fingerprints import MINIMA, MULTIPLIER, Fingerprints
from pipelines.wikipedia.partitions import Partitions

LARGEST = 1_000_000  # records of 16 bytes in memory at a time, in each of a few arrays
COMPARED = 16  # the earliest articles of a bucket that each later one is compared with
PAIRS = 1 << 16  # pairs of signatures compared at a time: 32 MB
NONE = 2**16 - 1  # each number in the signature of a text without shingles


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """Says what is a duplicate of something earlier.

    paragraph: bytes, in UTF-8, of the shortest paragraph that is left out if an earlier one is
        the same but for capitals; 0 keeps them all
    similarity: least estimated Jaccard similarity to an earlier article, of sequences of about
        four words, of an article that is left out; 0 keeps them all

    Lee et al. (2022), "Deduplicating training data makes language models better", section 4.
    """

    paragraph: int = 100
    similarity: float = 0.8

    def __post_init__(self):
        if self.paragraph < 0:
            raise ValueError(f"paragraph is a number of bytes, 0 for none, not {self.paragraph}")
        if not 0 <= self.similarity <= 1:
            raise ValueError(f"similarity is between 0 (off) and 1, not {self.similarity}")

    def bands(self) -> tuple[int, int]:
        """Returns how a signature is cut: (bands, rows of each).

        Two articles of similarity s share a band, and so are compared, with probability
        1 - (1 - s ** rows) ** bands. The most rows are taken that find 9 of 10 at the threshold:
        for 0.8 they are (16, 8), and find 95%; at 0.9 99.98%, at 0.5 only 6% are compared.
        """
        for rows in (32, 16, 8, 4, 2):
            bands = MINIMA // rows
            if 1 - (1 - self.similarity**rows) ** bands >= 0.9:
                return bands, rows
        return MINIMA, 1


class Totals(NamedTuple):
    """How many articles and paragraphs there are."""

    articles: int
    paragraphs: int


class Found(NamedTuple):
    """What has something earlier: articles [A] bool, paragraphs [P] bool, by their numbers.

    Paragraphs are numbered through all articles. Those of a duplicate article are not searched:
    the text of a paragraph that only it has is not lost with it.
    """

    articles: np.ndarray
    paragraphs: np.ndarray

    @classmethod
    def at(cls, folder: Path) -> "Found":
        """Maps what `find_duplicates` wrote; only what is looked at is read."""
        return cls(*(_map(folder / name, "r") for name in cls._fields))


def find_duplicates(
    folder: Path,
    totals: Totals,
    chunks: Callable[[], Iterator[Fingerprints]],
    duplicates: Duplicates = Duplicates(),
    largest: int = LARGEST,
) -> Found:
    """Finds duplicates among the articles whose fingerprints `chunks()` yields, in order.

    `folder` becomes the place of the result: what is there already is returned. It is written
    beside and renamed, and the same whatever `largest`, the bound on records in memory.
    """
    if folder.exists():
        return Found.at(folder)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, count in zip(Found._fields, totals):
        np.zeros(count, bool).tofile(partial / name)
    articles, paragraphs = (_map(partial / name, "r+") for name in Found._fields)
    if duplicates.similarity:
        _Articles(partial, totals.articles, duplicates, largest).mark(chunks(), articles)
    if duplicates.paragraph:
        _mark_paragraphs(partial, chunks(), articles, paragraphs, largest)
    for marks in (articles, paragraphs):
        if isinstance(marks, np.memmap):
            marks.flush()
    partial.rename(folder)
    return Found.at(folder)


def _map(path: Path, mode) -> np.ndarray:
    # An empty file cannot be mapped.
    return np.memmap(path, bool, mode) if path.stat().st_size else np.zeros(0, bool)


class _Articles:
    """Marks articles like an earlier one: candidates share a band; signatures decide."""

    def __init__(self, folder: Path, articles: int, duplicates: Duplicates, largest: int):
        self._similarity, self._largest = duplicates.similarity, largest
        self._bands, self._rows = duplicates.bands()
        self._path, self._work = folder / "signatures", folder / "bands"
        self._partitions = Partitions(self._work, articles * self._bands, largest)

    def mark(self, chunks: Iterator[Fingerprints], marks: np.ndarray) -> None:
        self._write(chunks)
        if self._path.stat().st_size:
            self._signatures = np.memmap(self._path, "<u2", "r").reshape(-1, MINIMA)
            for blocks in self._partitions.read():
                self._mark_partition(blocks, marks)
            del self._signatures
        self._path.unlink()
        shutil.rmtree(self._work)

    def _write(self, chunks: Iterator[Fingerprints]) -> None:
        """Writes all signatures to one file, and their bands to partitions."""
        first = 0
        with open(self._path, "wb") as file:
            for chunk in chunks:
                signatures = chunk.signatures.astype("<u2")
                file.write(signatures.tobytes())
                some = np.flatnonzero((signatures != NONE).any(axis=1))
                keys = self._keys(signatures[some])
                self._partitions.add(keys.ravel(), np.repeat(some + first, self._bands))
                first += len(signatures)

    def _keys(self, signatures: np.ndarray) -> np.ndarray:
        """Returns a key [N, bands] uint64 of each band of signatures [N, 128]."""
        parts = signatures.reshape(len(signatures), self._bands, self._rows).astype(np.uint64)
        keys = np.arange(self._bands, dtype=np.uint64) + np.zeros([len(parts), 1], np.uint64)
        for row in range(self._rows):
            keys = (keys ^ (keys >> np.uint64(29)) ^ parts[:, :, row]) * MULTIPLIER
        return (keys ^ (keys >> np.uint64(32))) * MULTIPLIER

    def _mark_partition(self, blocks: Iterator[np.ndarray], marks: np.ndarray) -> None:
        earliest = np.empty(0, np.uint64)
        for block in blocks:
            block = np.concatenate([earliest, block]) if len(earliest) else block
            block = block[np.argsort(block["key"], kind="stable")]
            starts, ranks = _groups(block["key"])
            places = block["place"]
            for turn in range(min(COMPARED, int(ranks.max()))):
                later = np.flatnonzero((ranks > turn) & ~marks[places])
                for part in np.split(later, range(PAIRS, len(later), PAIRS)):
                    self._compare(places[part], places[starts[part] + turn], marks)
            earliest = block[ranks < COMPARED]

    def _compare(self, later: np.ndarray, earlier: np.ndarray, marks: np.ndarray) -> None:
        same = (self._signatures[later] == self._signatures[earlier]).mean(axis=1)
        marks[later[same >= self._similarity]] = True


def _groups(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns where each sorted key's run starts, and its rank there: [3, 3, 5] -> 002, 010."""
    places = np.arange(len(keys))
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])
    starts = np.maximum.accumulate(np.where(begins, places, 0))
    return starts, places - starts


def _mark_paragraphs(
    folder: Path,
    chunks: Iterator[Fingerprints],
    articles: np.ndarray,
    marks: np.ndarray,
    largest: int,
) -> None:
    """Marks paragraphs whose hash an earlier one has, outside of marked articles."""
    work = folder / "hashes"
    partitions = Partitions(work, len(marks), largest)
    article = paragraph = 0
    for chunk in chunks:
        kept = ~articles[article : article + len(chunk.paragraphs)]
        places = np.flatnonzero((chunk.hashes != 0) & np.repeat(kept, chunk.paragraphs))
        partitions.add(chunk.hashes[places], places + paragraph)
        article += len(chunk.paragraphs)
        paragraph += len(chunk.hashes)
    for blocks in partitions.read():
        known = np.empty(0, np.uint64)  # different hashes only, of which partitions have as many
        for block in blocks:
            block = block[np.argsort(block["key"], kind="stable")]
            keys, places = block["key"], block["place"]
            first = np.concatenate([[True], keys[1:] != keys[:-1]])
            seen = _among(keys, known)
            marks[places[~first | seen]] = True
            known = np.sort(np.concatenate([known, keys[first & ~seen]]))
    shutil.rmtree(work)


def _among(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Says of each key whether it is among sorted ones: [N] bool.

    np.isin sorts both, and loads masked arrays, which takes as long as preparing 0.1 MB.
    """
    places = np.searchsorted(known, keys)
    # No hash is 0: what stands behind all known ones is none of them.
    return np.append(known, np.uint64(0))[places] == keys
