"""Attention of the target to the source."""

import keras

from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.headed_attention import (
    attend,
    hidden_from,
    join_heads,
    split_heads,
    step_attention,
    step_parts,
)


@keras.saving.register_keras_serializable(package="seq2seq")
class CrossAttention(keras.layers.Layer):
    """Headed attention to a memory: Vaswani et al. (2017), section 3.2.3.

    `prepare` makes keys and values once a sentence; `call` reads them as often as needed.
    """

    def __init__(self, units: int, heads: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.heads = heads
        self.dropout = dropout
        self.ask = Dense(units, dtype=self.dtype_policy, name="ask")
        self.project = Dense(2 * units, dtype=self.dtype_policy, name="project")
        self.combine = Dense(units, dtype=self.dtype_policy, name="combine")
        self.drop = Dropout(dropout, dtype="float32") if dropout else None

    def build(self, inputs_shape, keys_shape=None, values_shape=None, visible_shape=None):
        for layer in (self.ask, self.project, self.combine):
            layer.build((*inputs_shape[:-1], self.units))
        self.built = True

    def prepare(self, values):
        """Makes keys and values of the encoder's output: [B, S, units] -> two of [B, H, S, D]."""
        keys, values = keras.ops.split(self.project(values), 2, axis=-1)
        return {"keys": split_heads(keys, self.heads), "values": split_heads(values, self.heads)}

    def call(self, inputs, keys, values, visible):
        """inputs [B, T, units], visible [B, S] -> ([B, T, units], weights [B, T, S] float32).

        The weights are the mean over the heads.
        """
        query = split_heads(self.ask(inputs), self.heads)
        context, weights = attend(query, keys, values, visible[:, None, None, :], self.drop)
        return self.combine(join_heads(context)), keras.ops.mean(weights, axis=1)

    def step(self, inputs, tokens: int, keys, values, visible):
        """Reads as a call does, in a step of a search, of so many tokens a sentence.

        Rows [B * tokens, units] -> (rows [B * tokens, units], weights [B, tokens, S] float32).
        """
        (query,) = step_parts(self.ask(inputs), tokens, self.heads, 1)
        hidden = hidden_from(visible, query.dtype)[:, None, None]
        context, weights = step_attention(query, keys, values, hidden)
        return self.combine(context), keras.ops.mean(weights, axis=1)

    def get_config(self):
        own = {"units": self.units, "heads": self.heads, "dropout": self.dropout}
        return super().get_config() | own
