"""Attention of the target to the source."""

import keras
from keras import ops

from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.headed_attention import (
    attend,
    hidden_from,
    join_heads,
    split_heads,
    step_attention,
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

    def prepare(self, values, mask):
        """Makes keys and values of the encoder's output: rows [B * S, units] -> two [B, H, S, D].

        mask [B, S] tells the sizes.
        """
        sentences, length = ops.shape(mask)
        keys, values = split_heads(self.project(values), sentences, length, self.heads, 2)
        return {"keys": keys, "values": values}

    def call(self, inputs, keys, values, visible, tokens=-1):
        """Rows [B * T, units], visible [B, S] -> (rows [B * T, units], weights [B, T, S] float32).

        The weights are the mean over the heads. tokens: T, or -1 where B is not 0.
        """
        (query,) = split_heads(self.ask(inputs), ops.shape(visible)[0], tokens, self.heads)
        context, weights = attend(query, keys, values, visible[:, None, None, :], self.drop)
        return self.combine(join_heads(context)), ops.mean(weights, axis=1)

    def step(self, inputs, keys, values, visible, tokens: int):
        """Reads as a call does, in a step of a search."""
        (query,) = split_heads(self.ask(inputs), -1, tokens, self.heads)
        hidden = hidden_from(visible, query.dtype)[:, None, None]
        context, weights = step_attention(query, keys, values, hidden)
        return self.combine(context), ops.mean(weights, axis=1)

    def get_config(self):
        own = {"units": self.units, "heads": self.heads, "dropout": self.dropout}
        return super().get_config() | own
