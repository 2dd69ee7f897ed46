"""Additive attention."""

import keras
from keras import ops

from seq2seq.layers.dense import Dense
from seq2seq.layers.masked_softmax import masked_softmax


@keras.saving.register_keras_serializable(package="seq2seq")
class AdditiveAttention(keras.layers.Layer):
    """Reads a memory by v . tanh(W query + U memory): Bahdanau et al. (2015), section A.1.2.

    `prepare` makes the keys U memory once a sentence; `call` reads them as often as needed.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.ask = Dense(units, dtype=self.dtype_policy, name="ask")
        self.project = Dense(units, use_bias=False, dtype=self.dtype_policy, name="project")
        self.score = Dense(1, use_bias=False, dtype=self.dtype_policy, name="score")

    def build(self, query_shape, keys_shape, memory_shape, visible_shape=None):
        self.ask.build(query_shape)
        self.project.build(memory_shape)
        self.score.build((None, None, None, self.units))
        self.built = True

    def prepare(self, memory):
        """Makes the keys of a memory: [B, S, M] -> [B, S, units]."""
        return self.project(memory)

    def call(self, query, keys, memory, visible):
        """query [B, T, Q], visible [B, S] -> (context [B, T, M], weights [B, T, S] float32)."""
        scores = self.score(ops.tanh(self.ask(query)[:, :, None] + keys[:, None]))[..., 0]
        weights = masked_softmax(scores, visible)
        return ops.matmul(ops.cast(weights, memory.dtype), memory), weights

    def get_config(self):
        return super().get_config() | {"units": self.units}
