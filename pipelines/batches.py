"""Records to batches: the one place where the order of steps is written."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from pipelines import steps
from pipelines.records import Records


class Position(NamedTuple):
    """A place in the endless stream of batches: so many epochs, then so many batches."""

    epoch: int = 0
    batch: int = 0


@dataclass(frozen=True)
class Part:
    """What one of `count` workers reads: rows index::count of each batch."""

    index: int = 0
    count: int = 1

    def __post_init__(self):
        if not 0 <= self.index < self.count:
            raise ValueError(f"got {self}: wanted an index from 0 to count - 1")


@dataclass(frozen=True)
class Batching:
    """How batches are made.

    tokens: the most of rows times longest side in a batch, padding counted.
    pool: examples that are sorted together; more makes less padding. The batches of a pool come in
        an order drawn at random.
    buffer: examples among which the next one of a pool is drawn.
    """

    tokens: int = 4096
    pool: int = 65536
    buffer: int = 16384
    seed: int = 0


def training_batches(
    records: Records,
    batching: Batching = Batching(),
    position: Position = Position(),
    replicas: int = 1,
    part: Part = Part(),
) -> tf.data.Dataset:
    """Makes endless batches of ({"source": [B, S], "target": [B, T]}, labels, weights [B, T]).

    The same records, batching and position give the same batches, noise included. Each of several
    workers makes its own part of the rows of each batch, which may be none. Rows of padding are
    added, so that B divides by the worker's replicas and is not 0.
    """
    positioned = positioned_batches(records, batching, position, replicas, part)
    return positioned.map(lambda _, batch, *labels: (batch, *labels))


def positioned_batches(
    records: Records,
    batching: Batching = Batching(),
    position: Position = Position(),
    replicas: int = 1,
    part: Part = Part(),
) -> tf.data.Dataset:
    """Makes the batches of `training_batches`, each after its own position, int64 [2]."""

    def epoch(number):
        # Of the graph that is traced here: the program's own tf.random.set_seed, which may be any,
        # would otherwise change the order, or fail if it is 0.
        tf.random.set_seed(1)
        seed = tf.constant(batching.seed, tf.int64) * 1_000_003 + number
        runs = (
            tf.data.Dataset.from_tensor_slices(records.files)
            .apply(steps.shuffled(len(records.files), seed))
            .apply(steps.interleaved())
            .apply(steps.shuffled(batching.buffer, seed))
            .apply(steps.pooled(batching.pool))
            .apply(steps.sorted_by_length(records.lengths))
            .apply(steps.cut_by_tokens(batching.tokens, records.lengths, seed))
        )
        return runs.enumerate().map(lambda batch, run: (tf.stack([number, batch]), run))

    def parse(place, run):
        return records.parse(run, batching.seed, place[0])

    epochs = tf.data.Dataset.range(position.epoch, tf.int64.max).flat_map(epoch)
    return (
        epochs.skip(position.batch)  # before batches are made of what is skipped
        .apply(steps.batched(parse, replicas, part.index, part.count))
        .prefetch(8)
    )


def validation_batches(records: Records, tokens: int = 4096) -> tf.data.Dataset:
    """Makes each batch once, in the order of lengths, as `training_batches` has them.

    Noise, where there is some, is the same each time.
    """
    return (
        tf.data.TFRecordDataset(records.files)
        .apply(steps.pooled(Batching.pool))
        .apply(steps.sorted_by_length(records.lengths))
        .apply(steps.cut_by_tokens(tokens, records.lengths))
        .apply(steps.batched(records.parse))
        .prefetch(2)
    )
