"""A recurrent layer in one direction."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.gru_cell import GRUCell
from seq2seq.layers.lstm_cell import LSTMCell

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
        visible = None if visible is None else self._along_time(visible)
        outputs, last = self.unit.run(self._along_time(inputs), state, visible)
        return self._along_rows(outputs), last

    def _along_time(self, tensor):
        tensor = ops.swapaxes(tensor, 0, 1)
        return ops.flip(tensor, axis=0) if self.backwards else tensor

    def _along_rows(self, tensor):
        return ops.swapaxes(ops.flip(tensor, axis=0) if self.backwards else tensor, 0, 1)

    def get_config(self):
        own = {"units": self.units, "cell": self.cell, "backwards": self.backwards}
        return super().get_config() | own
