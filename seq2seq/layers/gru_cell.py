"""The GRU's cell."""

import keras
from keras import ops

from seq2seq.layers.recurrent_cell import RecurrentCell


@keras.saving.register_keras_serializable(package="seq2seq")
class GRUCell(RecurrentCell):
    """Gated recurrent unit: Cho et al. (2014), the reset gate applied after the product.

    So there is one recurrent product, as in cuDNN and `keras.layers.GRU(reset_after=True)`, whose
    order of gates this is: update, reset, candidate. The state is float32.
    """

    def build(self, inputs_shape):
        self.make_kernels(inputs_shape[-1], gates=3)
        shape = (3 * self.units,)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")
        self.recurrent_bias = self.add_weight(
            shape=shape, initializer="zeros", name="recurrent_bias"
        )
        self.built = True

    def begin(self, rows):
        return {"hidden": ops.zeros((rows, self.units), "float32")}

    def project(self, inputs):
        product = self._product(inputs) + self._cast(self.bias)
        recurrent = ops.broadcast_to(self._cast(self.recurrent_bias), ops.shape(product))
        return {"inputs": product, "sums": recurrent}

    def advance(self, recurrent_kernel, projected, state):
        hidden = state["hidden"]
        sums = projected["sums"] + ops.matmul(self._cast(hidden), recurrent_kernel)
        given = ops.split(ops.cast(projected["inputs"], "float32"), (2 * self.units,), axis=-1)
        own = ops.split(ops.cast(sums, "float32"), (2 * self.units,), axis=-1)
        update, reset = ops.split(ops.sigmoid(given[0] + own[0]), 2, axis=-1)
        candidate = ops.tanh(given[1] + reset * own[1])
        return {"hidden": candidate + update * (hidden - candidate)}
