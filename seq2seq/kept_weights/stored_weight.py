"""Weights stored in fewer bits than they are computed with."""

import numpy as np
import tensorflow as tf

LEAST = 1024  # numbers; of fewer, nothing is gained
NOTHING = 1e-30  # what is smaller has no scale that float32 could say
LARGEST = 127  # of eight bits, as far below zero as above it


class StoredWeight(tf.Module):
    """A weight as a SavedModel keeps it; `read` gives it back in float32."""

    def read(self) -> tf.Tensor:
        raise NotImplementedError


class Bfloat16(StoredWeight):
    """Keeps the upper 16 of float32's bits, rounded: 1.001 -> 1.0."""

    def __init__(self, weight: np.ndarray):
        super().__init__()
        self.rounded = tf.Variable(tf.cast(weight, tf.bfloat16), trainable=False)

    def read(self) -> tf.Tensor:
        return tf.cast(self.rounded, tf.float32)


class Int8(StoredWeight):
    """Keeps integers from -127 to 127, and what one of them stands for in each channel.

    [[0.5, 4.0], [-1.0, 2.0]], a scale a column -> [[64, 127], [-127, 64]] * [[1/127, 4/127]]

    Channels are rows or columns, whichever rounds less: tokens of embeddings are rows.
    """

    def __init__(self, weight: np.ndarray):
        super().__init__()
        tried = [_round(weight, axis) for axis in range(weight.ndim)]
        lost = [np.square(integers * scale - weight).sum() for integers, scale in tried]
        integers, scale = tried[int(np.argmin(lost))]
        self.integers = tf.Variable(integers.astype("int8"), trainable=False)
        self.scale = tf.Variable(scale, trainable=False)

    def read(self) -> tf.Tensor:
        return tf.cast(self.integers, tf.float32) * self.scale


STORED: dict[str, type[StoredWeight]] = {"int8": Int8, "bfloat16": Bfloat16}


def stored(weight: np.ndarray, kind: str) -> StoredWeight | None:
    """Stores a weight as "int8" or "bfloat16" [...]; None for one that is better left as it is.

    Left are small weights, such as biases, and all that has one axis, such as scales of norms.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in STORED:
        known = ", ".join(STORED)
        raise ValueError(f"a SavedModel keeps weights as {known}, or as they are; not as {kind!r}")
    if weight.ndim < 2 or weight.size < LEAST:
        return None
    return STORED[kind](weight)


def _round(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Rounds to integers, with one scale for all that differs in `axis` alone."""
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    # A channel of nothing has any scale.
    scale = (np.where(largest > NOTHING, largest, 1.0) / LARGEST).astype("float32")
    return np.rint(weight / scale), scale
