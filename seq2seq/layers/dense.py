"""A dense layer that TensorFlow computes in one operation."""

import keras
from keras import ops

from seq2seq.layers.shapes import as_rows, rows_like


@keras.saving.register_keras_serializable(package="seq2seq")
class Dense(keras.layers.Dense):
    """Multiplies [..., I] by a kernel, adds a bias, applies an activation -> [..., units].

    Keras leaves a reshape between product and bias where inputs have more than two axes, which
    keeps TensorFlow from fusing them, with the activation, into one operation.
    """

    def call(self, inputs, training=None):
        rows = ops.matmul(as_rows(inputs), self.kernel)
        if self.use_bias:
            # Reshaped, since a custom gradient takes tensors and no variables.
            rows = add_bias(rows, ops.reshape(self.bias, (-1,)))
        return rows_like(self.activation(rows), inputs)


@ops.custom_gradient
def add_bias(rows, bias):
    """Adds bias [M] to each of rows [N, M]; its gradient, a sum over rows, is a faster product."""

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        over_rows = ops.ones((1, ops.shape(upstream)[0]), upstream.dtype)
        return upstream, ops.matmul(over_rows, upstream)[0]

    return ops.add(rows, bias), gradient
