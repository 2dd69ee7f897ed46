"""Attention by dot products."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.dense import Dense
from seq2seq.layers.masked_softmax import masked_softmax


@keras.saving.register_keras_serializable(package="seq2seq")
class DotAttention(keras.layers.Layer):
    """Reads a memory by dot products: Luong et al. (2015), section 3.1.

    Scores are query . memory ("dot", where both are of one width), query . W memory ("general"),
    or the first divided by the square root of its width ("scaled_dot"), as in Vaswani et al.
    (2017), section 3.2.1. `prepare` makes the keys once a sentence.
    """

    def __init__(self, score: Literal["dot", "general", "scaled_dot"] = "general", **kwargs):
        super().__init__(**kwargs)
        self.score = score

    def build(self, query_shape, keys_shape, memory_shape, visible_shape=None):
        """Makes the weights.

        Raises:
            ValueError: query and memory differ in width, and the score is not "general".
        """
        width, read = query_shape[-1], memory_shape[-1]
        if self.score != "general" and width != read:
            raise ValueError(
                f"{self.score!r} attention needs query and memory of one width, these have {width} "
                f'and {read}: use "general"'
            )
        self.scale = width**-0.5 if self.score == "scaled_dot" else 1.0
        policy = {"dtype": self.dtype_policy, "name": "project"}
        general = self.score == "general"
        self.project = (
            Dense(width, use_bias=False, **policy) if general else keras.layers.Identity(**policy)
        )
        self.project.build(memory_shape)
        self.built = True

    def prepare(self, memory):
        """Makes the keys of a memory: [B, S, M] -> [B, S, Q]."""
        return self.project(memory)

    def call(self, query, keys, memory, visible):
        """query [B, T, Q], visible [B, S] -> (context [B, T, M], weights [B, T, S] float32)."""
        scores = ops.matmul(query * self.scale, ops.swapaxes(keys, 1, 2))
        weights = masked_softmax(scores, visible)
        return ops.matmul(ops.cast(weights, memory.dtype), memory), weights

    def get_config(self):
        return super().get_config() | {"score": self.score}
