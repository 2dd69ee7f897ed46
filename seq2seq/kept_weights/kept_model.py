"""A model that computes with other tensors than its own weights."""

import abc
import contextlib
from collections.abc import Iterator

import keras

from seq2seq.models.seq2seq import Seq2Seq


class KeptModel(Seq2Seq):
    """Answers as a trained model would, had it the weights that a subclass gives in their place.

    It is made where it is used, and neither trained nor saved as one.

    Args:
        model: a built model, or several in one, as an ensemble.
    """

    def __init__(self, model: Seq2Seq):
        super().__init__(name="kept")
        self.model = model
        self.built = True

    @abc.abstractmethod
    def pairs(self) -> list:
        """Gives weights their tensors, of the graph that is traced or of one around it."""

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        with keras.StatelessScope(state_mapping=self.pairs()):
            yield


def _asked(name: str):
    """Makes the method that the model answers, with the weights that are kept."""

    def method(self, *args, **options):
        with self._kept():
            return getattr(self.model, name)(*args, **options)

    return method


# All that a model may be asked, whatever comes to it, but for what makes and keeps Keras models.
for _name in vars(Seq2Seq).keys() - {"call", "build", "get_config", "vocabulary_weights"}:
    if not _name.startswith("_"):
        setattr(KeptModel, _name, _asked(_name))
