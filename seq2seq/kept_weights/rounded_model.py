"""A model whose weights are stored in fewer bits."""

import weakref
from collections.abc import Iterator

import keras
import tensorflow as tf
from keras import ops

from seq2seq.generator import Generator
from seq2seq.kept_weights.kept_model import KeptModel
from seq2seq.kept_weights.stored_weight import StoredWeight, stored
from seq2seq.models.seq2seq import Seq2Seq


class RoundedModel(KeptModel):
    """Answers with the weights that are stored.

    They are made float32 once a graph, where a sentence is encoded: a search's loop takes them
    from outside.

    Args:
        model: a built model, or an ensemble.
        kind: how weights are stored, "int8" or "bfloat16".

    Raises:
        ValueError: there is no such kind.
    """

    def __init__(self, model: Seq2Seq, kind: str):
        super().__init__(model)
        self._stored: list[tuple[keras.Variable, StoredWeight]] = []
        for weight in model.weights:
            kept = stored(ops.convert_to_numpy(weight), kind)
            if kept is not None:
                self._stored.append((weight, kept))
        self._made: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def pairs(self) -> list:
        graph = tf.compat.v1.get_default_graph()
        for around in _outwards(graph):
            if around in self._made:
                return self._made[around]
        pairs = [(weight, kept.read()) for weight, kept in self._stored]
        if not tf.executing_eagerly():
            self._made[graph] = pairs
        return pairs


def rounded(generator: Generator, kind: str) -> Generator:
    """Returns a generator that answers with stored weights, and is exported with them.

    Raises:
        ValueError: there is no such kind.
    """
    return generator.by(RoundedModel(generator.model, kind))


def _outwards(graph) -> Iterator:
    """Yields a graph that is traced, and those around it: a loop's body, its function, ..."""
    while graph is not None:
        yield graph
        graph = getattr(graph, "outer_graph", None)
