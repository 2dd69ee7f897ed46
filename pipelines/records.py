"""Tokenized examples in TFRecord shards, so that tokenizing is paid once.

A record is the length of the source, the ids of the source, then those of the target, all of them
little-endian integers of one width: 2 bytes where the vocabularies allow it, else 4. So the lengths
are known without parsing, and a batch is decoded by one operation. Sources that noise is to make
of their targets are kept as marks (see noising.py), and the manifest says which noise.

Each example goes to a shard drawn at random, so that a bounded buffer shuffles well enough when
the shards are read. A folder of records is whole or absent: it is written beside and renamed.
"""

import contextlib
import itertools
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pipelines.corpora.corpus import Pair
from pipelines.noising import FIXED, MarkedNoises, read_noising
from pipelines.objectives.noise.noise import split_mark

MANIFEST = "records.json"
FORMAT = 3  # of the records; 1 were tf.train.Examples, 2 knew no noise
CHUNK = 2048


class Limits(NamedTuple):
    """The most tokens a side may have, its mark (START or END) included.

    Longer examples are left out and counted; with `cut_source` a longer source loses its end
    instead, as in generating, which is what summarizers want.
    """

    source: int = 256
    target: int = 256
    cut_source: bool = False


class Records:
    """A folder that `write_records` wrote: `files`, and `counts` of what was read and left out."""

    def __init__(self, folder: str | os.PathLike):
        """Reads the manifest.

        Raises:
            ValueError: there is none, or it is of another format.
        """
        self.folder = Path(folder)
        manifest = self.folder / MANIFEST
        if not manifest.is_file():
            raise ValueError(f"{self.folder} holds no records ({MANIFEST} is missing): write them")
        self.counts = json.loads(manifest.read_text())
        found = self.counts.pop("format", 1)
        if found != FORMAT:
            raise ValueError(
                f"{self.folder} holds records of format {found!r}, wanted {FORMAT}: remove the "
                "folder, and they are written anew"
            )
        self.files = [str(self.folder / name) for name in self.counts.pop("files")]
        self._ids = tf.as_dtype(self.counts.pop("ids"))
        self._noising = read_noising(self.counts.pop("noises"))

    def lengths(self, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Says how many ids rows of records [N] have at most: int32 [N] of sources, of targets."""
        source, target = self._kept(serialized)
        if self._noising.noises:
            source = self._noising.lengths(source, target, self._column(serialized, 1))
        return source, target

    def parse(
        self, serialized: tf.Tensor, seed: int = 0, epoch: int | tf.Tensor = FIXED
    ) -> dict[str, tf.Tensor]:
        """Unpacks records [N] -> {"source": int32 [N, S], "target": int32 [N, T]}, with PAD.

        Noise is drawn for a row by its ids, seed and epoch alone.
        """
        return self._noising(self._unpacked(serialized), seed, epoch)

    def _kept(self, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        source = self._column(serialized, 0)
        return source, tf.strings.length(serialized) // self._ids.size - 1 - source

    def _column(self, serialized: tf.Tensor, place: int) -> tf.Tensor:
        part = tf.strings.substr(serialized, place * self._ids.size, self._ids.size)
        # Joined, since of no strings at all decode_raw makes no column.
        return tf.cast(tf.io.decode_raw(tf.strings.reduce_join(part), self._ids), tf.int32)

    def _unpacked(self, serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        source, target = self._kept(serialized)
        ids = tf.io.decode_raw(tf.strings.reduce_join(serialized), self._ids)
        # Of each record, three rows: the length, the source and the target.
        lengths = tf.stack([tf.ones_like(source), source, target], axis=1)
        rows = tf.RaggedTensor.from_row_lengths(ids, tf.reshape(lengths, [-1]), validate=False)
        longest = tf.maximum(tf.reduce_max(lengths, axis=0), 0)  # of no record it would be -2**31
        shape = [tf.size(serialized), 3, tf.reduce_max(longest)]
        sides = tf.reshape(rows.to_tensor(), shape)
        pad = lambda side: tf.cast(sides[:, side, : longest[side]], tf.int32)
        return {"source": pad(1), "target": pad(2)}


def write_records(
    pairs: Iterable[Pair],
    tokenizers,
    folder: str | os.PathLike,
    limits: Limits = Limits(),
    shards: int = 16,
    seed: int = 0,
) -> Records:
    """Tokenizes pairs into `folder`, scattered over shards; the same seed gives the same shards.

    Args:
        tokenizers: has the tokenizers `source` and `target`.

    Raises:
        ValueError: no example is left, or what `pairs` raises; `folder` is then as it was before.
    """
    folder = Path(folder)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        ids = _narrowest(tokenizers, limits)
        noises = MarkedNoises(tokenizers)
        kept = _kept(pairs, tokenizers, limits, noises)
        counts = _write_shards(kept, limits, beside, shards, seed, ids)
        manifest = {"format": FORMAT, "ids": ids.name, "noises": noises.told()} | counts
        (beside / MANIFEST).write_text(json.dumps(manifest, indent=1))
        if not counts["examples"]:
            raise ValueError(f"no example is left to write into {folder}: {counts}")
        # A folder without it is absent, should removing the rest be interrupted.
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Records(folder)


def _narrowest(tokenizers, limits) -> np.dtype:
    """Returns the narrowest type that holds every id and the length of every source."""
    largest = max(tokenizers.source.size - 1, tokenizers.target.size - 1, limits.source)
    return np.dtype(np.uint16 if largest <= np.iinfo(np.uint16).max else np.int32)


class _Example(NamedTuple):
    """One pair as it is kept; `length` is the most ids its source will have."""

    source: np.ndarray
    target: np.ndarray
    length: int

    def verdict(self, limits: Limits) -> str:
        """Says what the example is counted as: "examples" is one that is kept."""
        # START and END come on top: a side of exactly `limit` tokens fits with its mark.
        if self.length >= limits.source:
            return "source too long"
        if len(self.target) >= limits.target:
            return "target too long"
        return "examples" if len(self.source) and len(self.target) else "empty side"


def _kept(pairs, tokenizers, limits: Limits, noises: MarkedNoises) -> Iterator[_Example]:
    """Yields an example of each pair, in order."""
    pairs = iter(pairs)
    while chunk := list(itertools.islice(pairs, CHUNK)):
        parted = [split_mark(source) for source, _ in chunk]
        texts = tf.constant([text for text, _ in parted])
        targets = _rows(tokenizers.target.tokenize(tf.constant([target for _, target in chunk])))
        for (_, mark), source, target in zip(
            parted, _rows(tokenizers.source.tokenize(texts)), targets
        ):
            if mark:
                length = len(source) + len(target)
                yield _Example(np.append(noises.begin(mark), source), target, length)
            else:
                source = source[: limits.source - 1] if limits.cut_source else source
                yield _Example(source, target, len(source))


def _rows(ragged: tf.RaggedTensor) -> list[np.ndarray]:
    values, splits = ragged.values.numpy(), ragged.row_splits.numpy().tolist()
    return [values[begin:end] for begin, end in itertools.pairwise(splits)]


def _write_shards(kept, limits, folder, shards, seed, ids) -> dict:
    names = [f"{n:05}-of-{shards:05}.tfrecord" for n in range(shards)]
    draw = np.random.default_rng(seed)
    counts = {"examples": 0, "source tokens": 0, "target tokens": 0}
    with contextlib.ExitStack() as stack:
        paths = [str(folder / name) for name in names]
        writers = [stack.enter_context(tf.io.TFRecordWriter(path)) for path in paths]
        for example in kept:
            verdict = example.verdict(limits)
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict == "examples":
                counts["source tokens"] += example.length
                counts["target tokens"] += len(example.target)
                serialized = serialize(example.source, example.target, ids)
                writers[draw.integers(shards)].write(serialized)
    return counts | {"files": names}


def serialize(source, target, ids: np.dtype) -> bytes:
    """Packs one example: [7, 8] and [5] -> 2, 7, 8, 5, little-endian integers of type `ids`."""
    return np.concatenate([[len(source)], source, target]).astype(ids.newbyteorder("<")).tobytes()
