"""A model whose weights are constants of the graphs that it is traced in."""

import numpy as np
import tensorflow as tf
from keras import ops

from seq2seq.folding import folded
from seq2seq.generator import Generator
from seq2seq.kept_weights.kept_model import KeptModel
from seq2seq.models.seq2seq import Seq2Seq


class ConstantModel(KeptModel):
    """Answers with the weights that a model has now, as constants.

    TensorFlow packs the matrix of a product (oneDNN, on processors) each time that it computes it,
    unless the matrix is a constant of the very graph, a loop's body too: then only once. Few rows
    take less time than packing does. One sentence alone, beam 5, in bfloat16: 0.67 of the time.

    A constant is the result of a function, which TensorFlow puts in the place of its calls: so a
    SavedModel has it once, however many graphs call it. A process keeps it several times: as it
    was read and, of each signature that is asked, in the optimized graph and as TensorFlow packs
    it. Of two that were asked, 13 times what weights take; for a while when first asked, 18 times.

    Args:
        model: a built model, or several in one, as an ensemble.
    """

    def __init__(self, model: Seq2Seq):
        super().__init__(model)
        self._constants = [
            (weight, _constant(ops.convert_to_numpy(weight))) for weight in model.weights
        ]

    def pairs(self) -> list:
        return [(weight, constant()) for weight, constant in self._constants]


def constant(generator: Generator) -> Generator:
    """Returns a generator that answers with constants, and is exported with them.

    Those of a Transformer are `folded`.
    """
    return generator.by(ConstantModel(folded(generator.model)))


def _constant(array: np.ndarray):
    return tf.function(lambda: tf.constant(array), autograph=False).get_concrete_function()
