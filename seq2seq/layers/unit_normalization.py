"""Normalisation without weights."""

import keras
from keras import ops

from seq2seq.layers.shapes import as_rows, rows_like


@keras.saving.register_keras_serializable(package="seq2seq")
class UnitNormalization(keras.layers.Layer):
    """Divides the last axis of [..., M] by its root mean square: Zhang and Sennrich (2019).

    Section 3, without the gain. Squares and their mean are float32.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        rows = ops.cast(as_rows(inputs), "float32")
        power = ops.mean(ops.square(rows), axis=-1, keepdims=True)
        normal = rows * ops.rsqrt(power + self.epsilon)
        return rows_like(ops.cast(normal, inputs.dtype), inputs)

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
