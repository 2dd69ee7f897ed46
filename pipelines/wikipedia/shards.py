"""Shards: files of articles, as lines of JSON or as TFRecords of tf.train.Example."""

import dataclasses
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol

import zstandard

from pipelines.faults import Fault
from pipelines.text_files import read_lines
from pipelines.wikipedia.article import Article, from_line

Kind = Literal["json_lines", "tfrecord"]
Compression = Literal["zst", "gz", "none"]
LEVEL = 3  # of zstandard: 4 times as fast as 9, for a tenth more bytes


class Compressor(Protocol):
    """Makes a stream of bytes smaller."""

    def compress(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


@dataclasses.dataclass(frozen=True)
class Shards:
    """How articles are written.

    kind: "json_lines", an article a line, or "tfrecord", an article a tf.train.Example
    compression: "zst", "gz" or "none"; TFRecords have no "zst"
    megabytes: of JSON that a shard holds before it is compressed, more or less
    train: shards of the training split, whatever their size; 0 leaves it to `megabytes`
    """

    kind: Kind = "json_lines"
    compression: Compression = "zst"
    megabytes: float = 32
    train: int = 0

    def __post_init__(self):
        if self.kind == "tfrecord" and self.compression == "zst":
            raise ValueError("TensorFlow reads TFRecords with compression gz or none, not zst")
        if not self.megabytes > 0 or self.train < 0:
            raise ValueError(
                "shards hold more than 0 MB each and are 0 (by size) or more, "
                f"not {self.megabytes} MB and {self.train}"
            )

    def count(self, split: str, size: int) -> int:
        """Says how many shards hold the `size` bytes of a split."""
        if not size:
            return 0
        if split == "train" and self.train:
            return self.train
        return -int(-size // (self.megabytes * 1e6))

    def name(self, split: str, index: int, count: int) -> str:
        """Names a file: "train-00000-of-00012.jsonl.zst"."""
        suffix = {"json_lines": ".jsonl", "tfrecord": ".tfrecord"}[self.kind]
        compressed = "" if self.compression == "none" else f".{self.compression}"
        return f"{split}-{index:05d}-of-{count:05d}{suffix}{compressed}"

    def write(self, path: Path, lines: Iterable[bytes]) -> str:
        """Writes articles, given as lines of JSON, beside `path`, renames; returns the sha256."""
        beside = path.with_name(f".{path.name}")
        if self.kind == "tfrecord":
            from pipelines.wikipedia.examples import write_examples  # loads TensorFlow

            write_examples(beside, lines, self.compression)
        else:
            with open(beside, "wb") as file:
                compressor = self._compressor()
                for line in lines:
                    file.write(compressor.compress(line + b"\n"))
                file.write(compressor.flush())
        with open(beside, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        beside.replace(path)
        return digest

    def _compressor(self) -> Compressor:
        if self.compression == "zst":
            return zstandard.ZstdCompressor(LEVEL, write_checksum=True).compressobj()
        if self.compression == "gz":
            return zlib.compressobj(wbits=31)  # the format of gzip, without a time
        return _Plain()


class _Plain:
    """Leaves bytes as they are."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def read_articles(path: Path) -> Iterator[Article]:
    """Yields the articles of a shard of any kind.

    Raises:
        Fault: a record is no article; it names file and line (or record).
        ValueError: the file cannot be read to its end.
    """
    if ".tfrecord" in path.suffixes:
        from pipelines.wikipedia.examples import read_examples  # loads TensorFlow

        yield from read_examples(path)
        return
    for line in read_lines(path):
        try:
            yield from_line(line.raw)
        except Fault as fault:
            raise fault.at(line.place) from None
