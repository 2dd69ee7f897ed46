"""A recurrent layer in both directions."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="seq2seq")
class Bidirectional(keras.layers.Layer):
    """Reads forwards and backwards: Schuster and Paliwal (1997), `units / 2` wide each.

    inputs [B, T, I], visible [B, T] -> (outputs [B, T, units], last states, a dict of [B, units]).

    Raises:
        ValueError: units is odd.
    """

    def __init__(self, units: int, cell: Literal["lstm", "gru"] = "lstm", **kwargs):
        super().__init__(**kwargs)
        if units % 2:
            raise ValueError(f"units ({units}) must be even: each direction has half of them")
        self.units = units
        self.cell = cell
        options = {"units": units // 2, "cell": cell, "dtype": self.dtype_policy}
        self.forwards = Recurrent(**options, name="forwards")
        self.backwards = Recurrent(**options, backwards=True, name="backwards")

    def build(self, inputs_shape, visible_shape=None):
        self.forwards.build(inputs_shape)
        self.backwards.build(inputs_shape)
        self.built = True

    def call(self, inputs, visible=None):
        right, last = self.forwards(inputs, visible)
        left, first = self.backwards(inputs, visible)
        join = lambda *pair: ops.concatenate(pair, axis=-1)
        return join(right, left), {name: join(last[name], first[name]) for name in last}

    def get_config(self):
        return super().get_config() | {"units": self.units, "cell": self.cell}
