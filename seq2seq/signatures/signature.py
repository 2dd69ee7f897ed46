"""The contract of a signature: one way to ask an exported model."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from seq2seq.generator import Generator


class Signature(abc.ABC):
    """Answers rows of inputs with rows of outputs, as TensorFlow Serving sends them.

    A subclass names its tensors by their axes, a letter each: B sentences, which is the first of
    all, so that requests can be joined; N hypotheses; S and T pieces of source and target; M the
    width of vectors. An answer does not depend on the others of its batch, numbers are finite,
    strings are valid UTF-8, and there may be no rows. Beyond a row's length, strings are empty and
    numbers 0. No name ends with _bytes: the server would send base64.

    inputs: the type and axes of each, in the order of `answer`'s arguments.
    outputs: the axes of each.
    """

    inputs: ClassVar[Mapping[str, tuple[tf.DType, str]]] = {"text": (tf.string, "B")}
    outputs: ClassVar[Mapping[str, str]]

    def __init__(self, generator: Generator):
        self.generator = generator

    @abc.abstractmethod
    def answer(self, *inputs) -> dict[str, Any]:
        """Answers inputs, of which there is a row at least, with the tensors of `outputs`."""

    def ask(self, texts: Sequence[bytes]) -> dict[str, Any]:
        """Makes inputs that ask about texts: strings as bytes, or numbers; nested lists."""
        return {"text": list(texts)}

    def example(self, text: bytes, target: bytes) -> dict[str, Any]:
        """Makes a request of one row, to be shown to people: a text and its best target."""
        return self.ask([text])

    def graph(self):
        """Traces the signature: a concrete function whose names are those of its tensors."""
        specs = [*self.specs().values()]
        return tf.function(self._answer, specs, autograph=False).get_concrete_function()

    def specs(self) -> dict[str, tf.TensorSpec]:
        """Describes the inputs."""
        return {
            name: tf.TensorSpec([None] * len(axes), dtype, name)
            for name, (dtype, axes) in self.inputs.items()
        }

    def _answer(self, *inputs):
        # A server does not compare what it was sent with the signature.
        checked = [tf.ensure_shape(each, each.shape) for each in inputs]
        rows = [tf.shape(each)[0] for each in checked]
        told = f"the rows of {', '.join(self.inputs)} must be as many"
        as_many = [tf.debugging.assert_equal(rows[0], count, told) for count in rows[1:]]
        with tf.control_dependencies(as_many):
            outputs = self.answer(*map(_never_empty, checked))
        return {name: outputs[name][: rows[0]] for name in self.outputs}


def within(length, tensor):
    """Clears what lies beyond the length of each row: [B], [B, T, ...] -> [B, T, ...]."""
    real = tf.sequence_mask(length, tf.shape(tensor)[1])
    real = tf.reshape(real, tf.concat([tf.shape(real), tf.ones([tf.rank(tensor) - 2], "int32")], 0))
    return tf.where(real, tensor, tf.zeros([], tensor.dtype))


def _never_empty(tensor):
    """Adds a row to a batch of none, since recurrent layers fail on no rows."""
    shape = tf.shape(tensor)
    missing = tf.concat([tf.maximum(1 - shape[:1], 0), shape[1:]], axis=0)
    return tf.concat([tensor, tf.zeros(missing, tensor.dtype)], axis=0)
