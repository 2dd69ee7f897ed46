"""Batches of random ids, for measurements of speed and memory that need no corpus."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import START, UNKNOWN


def random_batches(
    sizes: tuple[int, int], rows: int, source: int, target: int, replicas: int = 1, seed: int = 0
) -> Iterator[tuple]:
    """Makes endless (position [2], inputs, labels, weights) of one shape, no padding inside.

    Inputs are {"source": [rows, source], "target": [rows, target]}, labels and weights
    [rows, target]. Rows of padding are added until the replicas divide them, as for real batches.

    Args:
        sizes: of the vocabularies of source and target.
    """
    draw = np.random.default_rng(seed)
    missing = -rows % replicas
    number = 0
    while True:
        ids = [
            np.pad(draw.integers(UNKNOWN + 1, size, [rows, length]), [(0, missing), (0, 0)])
            for size, length in zip(sizes, (source, target))
        ]
        source_ids, labels = (tf.constant(side, tf.int32) for side in ids)
        read = tf.pad(labels[:, :-1], [[0, 0], [1, 0]], constant_values=START)
        weights = tf.cast(labels != 0, tf.float32)
        inputs = {"source": source_ids, "target": read * tf.cast(weights, tf.int32)}
        yield tf.constant([0, number], tf.int64), inputs, labels, weights
        number += 1
