"""What LSTM and GRU cells have in common."""

import keras
from keras import ops


class RecurrentCell(keras.layers.Layer):
    """Holds a cell's weights: a kernel for inputs, one for the cell's own output, and biases.

    `project` multiplies the inputs of all positions at once, so that `advance`, in the loop, has
    the recurrent product only. States are dicts of [B, units]; "hidden" is what a cell puts out.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def make_kernels(self, width: int, gates: int):
        """Makes kernel [width, gates * units] and recurrent kernel [units, gates * units]."""
        shape = lambda rows: (rows, gates * self.units)
        self.kernel = self.add_weight(
            shape=shape(width), initializer="glorot_uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=shape(self.units), initializer="orthogonal", name="recurrent_kernel"
        )

    def begin(self, rows):
        """Makes the state before the first position, for a number of rows: all zero."""
        raise NotImplementedError

    def project(self, inputs):
        """Multiplies all inputs [T, B, I] -> a dict of [T, B, gates * units].

        "sums" is what each position adds to its recurrent product.
        """
        raise NotImplementedError

    def advance(self, recurrent_kernel, projected, state):
        """Takes one position's projected inputs -> the next state."""
        raise NotImplementedError

    def _product(self, inputs):
        return ops.matmul(self._cast(inputs), self._cast(self.kernel))

    def _cast(self, tensor):
        return ops.cast(tensor, self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"units": self.units}
