"""What LSTM and GRU cells have in common."""

import keras
from keras import ops

from seq2seq.layers.kernel_gradient import KernelGradient
from seq2seq.layers.recurrence import recur


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
            shape=shape(self.units), initializer=_orthogonal, name="recurrent_kernel"
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

    def run(self, inputs, state, visible=None):
        """Runs along time: inputs [T, B, I], visible [T, B] -> (outputs [T, B, units], the state).

        Where visible is False the state is carried unchanged.
        """
        projected = self.project(inputs)
        found = KernelGradient(self.recurrent_kernel, self.compute_dtype)
        projected["sums"] = found.attach(projected["sums"])
        advance = lambda now, state: self.advance(found.kernel, now, state)
        if visible is not None:
            projected["visible"] = visible[:, :, None]
            advance = lambda now, state: self._advance_masked(found.kernel, now, state)
        shown = lambda state: self._cast(state["hidden"])
        outputs, last = recur(advance, projected, state, shown)
        found.outputs = ops.concatenate([shown(state)[None], outputs[:-1]], axis=0)
        return outputs, last

    def _advance_masked(self, kernel, now, state):
        following = self.advance(kernel, now, state)
        # Selecting with a mask of full size is faster than with [B, 1], in the gradient above all.
        mask = ops.broadcast_to(now["visible"], ops.shape(following["hidden"]))
        return {name: ops.where(mask, following[name], state[name]) for name in following}

    def _product(self, inputs):
        return ops.matmul(self._cast(inputs), self._cast(self.kernel))

    def _cast(self, tensor):
        return ops.cast(tensor, self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"units": self.units}


def _orthogonal(shape, dtype):
    """Draws an orthogonal matrix: TensorFlow makes none of bfloat16."""
    return ops.cast(keras.initializers.Orthogonal()(shape, "float32"), dtype)
