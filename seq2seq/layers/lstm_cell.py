"""The LSTM's cell."""

import keras
from keras import ops

from seq2seq.layers.lstm_loop import Weights, run_lstm
from seq2seq.layers.recurrent_cell import RecurrentCell


@keras.saving.register_keras_serializable(package="seq2seq")
class LSTMCell(RecurrentCell):
    """Long short-term memory: Hochreiter and Schmidhuber (1997), with forget gates of Gers (2000).

    Gates stand in the order input, forget, candidate, output, as in `keras.layers.LSTM`. The
    forget gate's bias begins at 1: Jozefowicz et al. (2015). The cell's state is float32.
    """

    def build(self, inputs_shape):
        self.make_kernels(inputs_shape[-1], gates=4)
        forget = lambda shape, dtype: ops.repeat(
            ops.convert_to_tensor([0.0, 1.0, 0.0, 0.0], dtype), self.units
        )
        self.bias = self.add_weight(shape=(4 * self.units,), initializer=forget, name="bias")
        self.built = True

    def begin(self, rows):
        return {
            "hidden": ops.zeros((rows, self.units), self.compute_dtype),
            "cell": ops.zeros((rows, self.units), "float32"),
        }

    def project(self, inputs):
        return {"sums": self._product(inputs) + self._cast(self.bias)}

    def advance(self, recurrent_kernel, projected, state):
        sums = projected["sums"] + ops.matmul(state["hidden"], recurrent_kernel)
        gates = ops.split(ops.cast(sums, "float32"), 4, axis=-1)
        write, keep, candidate, show = gates
        cell = ops.sigmoid(keep) * state["cell"] + ops.sigmoid(write) * ops.tanh(candidate)
        return {"hidden": self._cast(ops.sigmoid(show) * ops.tanh(cell)), "cell": cell}

    def run(self, inputs, state, visible=None):
        # One position needs no loop; and a known length is that of a graph written for another
        # engine, whose converter knows the loops that TensorFlow makes.
        if inputs.shape[0] is not None:
            return super().run(inputs, state, visible)
        weights = Weights(self.kernel, self.recurrent_kernel, self.bias)
        begun = self._cast(state["hidden"]), ops.cast(state["cell"], "float32")
        outputs, hidden, cell = run_lstm(self._cast(inputs), weights, *begun, visible)
        return outputs, {"hidden": hidden, "cell": cell}
