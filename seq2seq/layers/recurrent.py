"""A recurrent layer in one direction."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.gru_cell import GRUCell
from seq2seq.layers.kernel_gradient import KernelGradient
from seq2seq.layers.lstm_cell import LSTMCell
from seq2seq.layers.recurrence import recur

CELLS = {"lstm": LSTMCell, "gru": GRUCell}


@keras.saving.register_keras_serializable(package="seq2seq")
class Recurrent(keras.layers.Layer):
    """Runs a cell along time: inputs [B, T, I] -> (outputs [B, T, units], the last state).

    Where visible [B, T] is False the state is carried unchanged, so padding changes nothing in
    either direction: a row read backwards begins at its last real token. Called with T = 1 and
    the last state, it steps.
    """

    def __init__(
        self,
        units: int,
        cell: Literal["lstm", "gru"] = "lstm",
        backwards: bool = False,
        **kwargs,
    ):
        # Inputs are not cast by Keras, since that would round the cell's float32 state.
        super().__init__(**{"autocast": False} | kwargs)
        self.units = units
        self.cell = cell
        self.backwards = backwards
        self.unit = CELLS[cell](units, dtype=self.dtype_policy, name="cell")

    def build(self, inputs_shape, visible_shape=None, state_shape=None):
        self.unit.build(inputs_shape)
        self.built = True

    def begin(self, rows):
        """Makes the state before the first token: a dict of [rows, units], all zero."""
        return self.unit.begin(rows)

    def call(self, inputs, visible=None, state=None):
        """inputs [B, T, I], visible [B, T] (all True if None), state of B rows (zero if None)."""
        state = self.begin(ops.shape(inputs)[0]) if state is None else state
        projected = self.unit.project(self._along_time(inputs))
        found = KernelGradient(self.unit.recurrent_kernel, self.unit.compute_dtype)
        projected["sums"] = found.attach(projected["sums"])
        advance = lambda now, state: self.unit.advance(found.kernel, now, state)
        if visible is not None:
            projected["visible"] = self._along_time(visible)[:, :, None]
            advance = lambda now, state: self._advance_masked(found.kernel, now, state)
        shown = lambda state: ops.cast(state["hidden"], self.compute_dtype)
        outputs, last = recur(advance, projected, state, shown)
        found.outputs = ops.concatenate([shown(state)[None], outputs[:-1]], axis=0)
        return self._along_rows(outputs), last

    def _advance_masked(self, kernel, now, state):
        following = self.unit.advance(kernel, now, state)
        # Selecting with a mask of full size is faster than with [B, 1], in the gradient above all.
        mask = ops.broadcast_to(now["visible"], ops.shape(following["hidden"]))
        return {name: ops.where(mask, following[name], state[name]) for name in following}

    def _along_time(self, tensor):
        tensor = ops.swapaxes(tensor, 0, 1)
        return ops.flip(tensor, axis=0) if self.backwards else tensor

    def _along_rows(self, tensor):
        return ops.swapaxes(ops.flip(tensor, axis=0) if self.backwards else tensor, 0, 1)

    def get_config(self):
        own = {"units": self.units, "cell": self.cell, "backwards": self.backwards}
        return super().get_config() | own
