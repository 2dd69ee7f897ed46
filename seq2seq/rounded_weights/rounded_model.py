"""A model whose weights are stored in fewer bits."""

import contextlib
import weakref
from collections.abc import Iterator

import keras
import tensorflow as tf
from keras import ops

from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.rounded_weights.stored_weight import StoredWeight, stored


class RoundedModel(Seq2Seq):
    """Answers as a trained model would, had it the weights that are stored.

    Weights are made float32 once a graph, where a sentence is encoded: a search's loop takes them
    from outside. It is made where it is used, and neither trained nor saved as one.

    Args:
        model: a built model, or an ensemble.
        kind: how weights are stored, "int8" or "bfloat16".

    Raises:
        ValueError: there is no such kind.
    """

    def __init__(self, model: Seq2Seq, kind: str):
        super().__init__(name="rounded")
        self.model = model
        self._kept: list[tuple[keras.Variable, StoredWeight]] = []
        for weight in model.weights:
            kept = stored(ops.convert_to_numpy(weight), kind)
            if kept is not None:
                self._kept.append((weight, kept))
        self._made: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
        self.built = True

    @contextlib.contextmanager
    def _stored(self) -> Iterator[None]:
        """Lets the model compute with what is stored."""
        with keras.StatelessScope(state_mapping=self._pairs()):
            yield

    def _pairs(self) -> list:
        """Gives each weight its tensor: of the graph that is traced, or of one around it."""
        graph = tf.compat.v1.get_default_graph()
        for around in _outwards(graph):
            if around in self._made:
                return self._made[around]
        pairs = [(weight, kept.read()) for weight, kept in self._kept]
        if not tf.executing_eagerly():
            self._made[graph] = pairs
        return pairs


def rounded(generator: Generator, kind: str) -> Generator:
    """Returns a generator that answers with stored weights, and is exported with them.

    Raises:
        ValueError: there is no such kind.
    """
    return generator.by(RoundedModel(generator.model, kind))


def _asked(name: str):
    """Makes the method that the model answers, with the weights that are stored."""

    def method(self, *args, **options):
        with self._stored():
            return getattr(self.model, name)(*args, **options)

    return method


# All that a model may be asked, whatever comes to it, but for what makes and keeps Keras models.
for _name in vars(Seq2Seq).keys() - {"call", "build", "get_config", "vocabulary_weights"}:
    if not _name.startswith("_"):
        setattr(RoundedModel, _name, _asked(_name))


def _outwards(graph) -> Iterator:
    """Yields a graph that is traced, and those around it: a loop's body, its function, ..."""
    while graph is not None:
        yield graph
        graph = getattr(graph, "outer_graph", None)
