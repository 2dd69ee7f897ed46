"""A model whose weights are constants of the graphs that it is traced in."""

import numpy as np
import tensorflow as tf
from keras import ops

from seq2seq.generator import Generator
from seq2seq.kept_weights.kept_model import KeptModel
from seq2seq.models.seq2seq import Seq2Seq

# Bytes of weights. A process keeps constants several times: in the graph as it was read and, of
# each signature that is asked, in the optimized graph and as TensorFlow packs them. Of two that
# were asked, 13 times what weights take; while TensorFlow optimized their graphs, 18 times.
LARGEST = 2**26


class ConstantModel(KeptModel):
    """Answers with the weights that a model has now, as constants.

    TensorFlow packs the matrix of a product (oneDNN, on processors) each time that it computes it,
    unless the matrix is a constant of the very graph, a loop's body too: then only once. Few rows
    take less time than packing does. One sentence alone, beam 5, in bfloat16: 0.73 of the time.

    A constant is the result of a function, which TensorFlow puts in the place of its calls: so a
    SavedModel has it once, however many graphs call it.

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
    """Returns a generator that answers with constants, and is exported with them."""
    return generator.by(ConstantModel(generator.model))


def may_be_constant(generator: Generator) -> bool:
    """Says whether a generator's weights are its model's own, and few enough to be constants."""
    model = generator.model
    size = sum(
        weight.value.dtype.size * weight.value.shape.num_elements() for weight in model.weights
    )
    return not isinstance(model, KeptModel) and size <= LARGEST


def _constant(array: np.ndarray):
    return tf.function(lambda: tf.constant(array), autograph=False).get_concrete_function()
