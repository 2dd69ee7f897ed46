"""Seconds that parts of a computation take, in graphs as outside."""

import tensorflow as tf


class Stopwatch(tf.Module):
    """Adds up how long parts take, and how often they are called.

    A part is a function. Its inputs are waited for, the clock is read, it runs, its outputs are
    waited for, and the clock is read again: all by operations of the graph, so a part is timed
    where it is, a step inside a loop too, and with nothing made for the measurement but two
    readings. Parts within parts count for both. On a GPU, outputs are there for the graph once
    their work has been handed over, so that parts are told too short: these are for processors.

    Args:
        parts: their names.
    """

    def __init__(self, parts):
        super().__init__()
        self._seconds = {part: tf.Variable(0.0, dtype=tf.float64) for part in parts}
        self._calls = {part: tf.Variable(0, dtype=tf.int64) for part in parts}

    def timed(self, part: str, function, *inputs):
        """Returns `function(*inputs)`; of nested inputs and outputs, all tensors are waited for."""
        with tf.control_dependencies(_tensors(inputs)):
            began = tf.timestamp()
        with tf.control_dependencies([began]):
            outputs = function(*_passed_on(inputs))
        with tf.control_dependencies(_tensors(outputs)):
            ended = tf.timestamp()
        self._seconds[part].assign_add(ended - began)
        self._calls[part].assign_add(1)
        with tf.control_dependencies([ended]):
            return _passed_on(outputs)

    def seconds(self) -> dict[str, float]:
        """Returns the seconds of each part since the start."""
        return {part: float(spent.numpy()) for part, spent in self._seconds.items()}

    def calls(self) -> dict[str, int]:
        """Returns how often each part was called since the start."""
        return {part: int(count.numpy()) for part, count in self._calls.items()}

    def start(self) -> None:
        """Begins anew."""
        for variable in [*self._seconds.values(), *self._calls.values()]:
            variable.assign(tf.zeros_like(variable))


def _tensors(nested) -> list:
    return [each for each in tf.nest.flatten(nested, expand_composites=True) if tf.is_tensor(each)]


def _passed_on(nested):
    """Gives the same tensors, but not before what is waited for now."""
    keep = lambda each: tf.identity(each) if tf.is_tensor(each) else each
    return tf.nest.map_structure(keep, nested, expand_composites=True)
