"""Seconds that parts of a computation take, in graphs as outside."""

from collections.abc import Sequence

import tensorflow as tf


class Stopwatch(tf.Module):
    """Adds up how long parts take, and how often they are called.

    A part is a function. Its inputs are waited for, and the part before it; the clock is read, it
    runs, its outputs are waited for, and the clock is read again: all by operations of the graph,
    so a part is timed where it is, a step inside a loop too, and with nothing made for the
    measurement but two readings. Parts within parts count for both. On a GPU, outputs are there
    for the graph once their work has been handed over, so that parts are told too short: these
    are for processors.

    Args:
        parts: their names.
    """

    def __init__(self, parts: Sequence[str]):
        super().__init__()
        self.parts = tuple(parts)
        self._seconds = tf.Variable(tf.zeros(len(self.parts), tf.float64))
        self._calls = tf.Variable(tf.zeros(len(self.parts), tf.int64))

    def timed(self, part: str, function, *inputs):
        """Returns `function(*inputs)`; of nested inputs and outputs, all tensors are waited for."""
        # Graphs keep the order of what reads and writes a variable: so parts come one by one.
        before = self._seconds.read_value()
        with tf.control_dependencies([*_tensors(inputs), before]):
            began = tf.timestamp()
        with tf.control_dependencies([began]):
            outputs = function(*_passed_on(inputs))
        with tf.control_dependencies(_tensors(outputs)):
            ended = tf.timestamp()
        mine = tf.one_hot(self.parts.index(part), len(self.parts), dtype=tf.float64)
        self._seconds.assign_add((ended - began) * mine)
        self._calls.assign_add(tf.cast(mine, tf.int64))
        with tf.control_dependencies([ended]):
            return _passed_on(outputs)

    def seconds(self) -> dict[str, float]:
        """Returns the seconds of each part since the start."""
        return dict(zip(self.parts, self._seconds.numpy().tolist()))

    def calls(self) -> dict[str, int]:
        """Returns how often each part was called since the start."""
        return dict(zip(self.parts, self._calls.numpy().tolist()))

    def start(self) -> None:
        """Begins anew."""
        for variable in (self._seconds, self._calls):
            variable.assign(tf.zeros_like(variable))


def _tensors(nested) -> list:
    return [each for each in tf.nest.flatten(nested, expand_composites=True) if tf.is_tensor(each)]


def _passed_on(nested):
    """Gives the same tensors, but not before what is waited for now."""
    keep = lambda each: tf.identity(each) if tf.is_tensor(each) else each
    return tf.nest.map_structure(keep, nested, expand_composites=True)
