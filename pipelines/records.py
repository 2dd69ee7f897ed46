"""Tokenized examples in TFRecord shards, so that tokenizing is paid once.

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

MANIFEST = "records.json"
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
        self.folder = Path(folder)
        manifest = self.folder / MANIFEST
        if not manifest.is_file():
            raise ValueError(f"{self.folder} holds no records ({MANIFEST} is missing): write them")
        self.counts = json.loads(manifest.read_text())
        self.files = [str(self.folder / name) for name in self.counts.pop("files")]


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
        counts = _write_shards(_kept(pairs, tokenizers, limits), beside, shards, seed)
        (beside / MANIFEST).write_text(json.dumps(counts, indent=1))
        if not counts["examples"]:
            raise ValueError(f"no example is left to write into {folder}: {counts}")
        # A folder without it is absent, should removing the rest be interrupted.
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Records(folder)


def _kept(pairs, tokenizers, limits) -> Iterator[tuple[str, list, list]]:
    """Yields (verdict, source ids, target ids) of each pair, in order; see `_verdict`."""
    pairs = iter(pairs)
    while chunk := list(itertools.islice(pairs, CHUNK)):
        source, target = (tf.constant(side) for side in zip(*chunk))
        sources = tokenizers.source.tokenize(source).to_list()
        targets = tokenizers.target.tokenize(target).to_list()
        for source, target in zip(sources, targets):
            source = source[: limits.source - 1] if limits.cut_source else source
            yield _verdict(source, target, limits), source, target


def _verdict(source, target, limits) -> str:
    """Says what an example is counted as: "examples" is one that is kept."""
    # START and END come on top: a side of exactly `limit` tokens fits with its mark.
    if len(source) >= limits.source:
        return "source too long"
    if len(target) >= limits.target:
        return "target too long"
    return "examples" if source and target else "empty side"


def _write_shards(kept, folder, shards, seed) -> dict:
    names = [f"{n:05}-of-{shards:05}.tfrecord" for n in range(shards)]
    draw = np.random.default_rng(seed)
    counts = {"examples": 0, "source tokens": 0, "target tokens": 0}
    with contextlib.ExitStack() as stack:
        paths = [str(folder / name) for name in names]
        writers = [stack.enter_context(tf.io.TFRecordWriter(path)) for path in paths]
        for verdict, source, target in kept:
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict == "examples":
                counts["source tokens"] += len(source)
                counts["target tokens"] += len(target)
                writers[draw.integers(shards)].write(serialize(source, target))
    return counts | {"files": names}


def serialize(source: list[int], target: list[int]) -> bytes:
    """Packs one example as a tf.train.Example of two integer lists."""
    feature = lambda ids: tf.train.Feature(int64_list=tf.train.Int64List(value=ids))
    features = tf.train.Features(feature={"source": feature(source), "target": feature(target)})
    return tf.train.Example(features=features).SerializeToString(deterministic=True)


def parse(serialized):
    """Unpacks records [N] -> {"source": ragged int32 [N, (S)], "target": ragged int32 [N, (T)]}."""
    ids = tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
    pool = tf.io.parse_example(serialized, {"source": ids, "target": ids})
    return {name: tf.cast(rows, tf.int32) for name, rows in pool.items()}
