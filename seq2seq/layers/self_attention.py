"""Attention of a sequence to itself, all positions at once or one at a time."""

import keras
from keras import ops

from seq2seq.layers.attention_cache import AttentionCache
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
class SelfAttention(keras.layers.Layer):
    """Headed self-attention: Vaswani et al. (2017), section 3.2.2.

    One product makes queries, keys and values. `turn` marks positions on queries and keys.
    """

    def __init__(self, units: int, heads: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.heads = heads
        self.dropout = dropout
        self.project = Dense(3 * units, dtype=self.dtype_policy, name="project")
        self.combine = Dense(units, dtype=self.dtype_policy, name="combine")
        self.drop = Dropout(dropout, dtype="float32") if dropout else None

    def build(self, inputs_shape, visible_shape=None):
        self.project.build(inputs_shape)
        self.combine.build((*inputs_shape[:-1], self.units))
        self.built = True

    def call(self, inputs, visible, sentences, turn):
        """Rows [B * T, M], visible broadcastable to [B, 1, T, T], B -> rows [B * T, units]."""
        length = ops.shape(visible)[-1]
        query, keys, values = split_heads(self.project(inputs), sentences, length, self.heads, 3)
        positions = ops.arange(length)
        query, keys = turn(query, positions), turn(keys, positions)
        context, _ = attend(query, keys, values, visible, self.drop)
        return self.combine(join_heads(context))

    @property
    def cache(self) -> AttentionCache:
        """What the caches of `step` are like."""
        return AttentionCache(self.heads, self.units // self.heads, self.compute_dtype)

    def step(self, inputs, cache, place, turn):
        """Reads what each token may see: rows [B * K, M] -> (rows [B * K, units], the next cache).

        The K tokens of a sentence are those of hypotheses, or some that follow each other.

        Args:
            cache: of E entries, with room for K more.
            place: {"tokens": K, "positions": [1 or B, 1 or K], "entry": the first to write,
                "visible": [B, K, E], True = said before the token, or it itself}.
        """
        tokens = place["tokens"]
        query, keys, values = split_heads(self.project(inputs), -1, tokens, self.heads, 3)
        query, keys = turn(query, place["positions"]), turn(keys, place["positions"])
        cache = self.cache.write(cache, place["entry"], keys, values)
        keys, values = self.cache.read(cache, place["visible"])
        hidden = hidden_from(place["visible"], query.dtype)[:, None]
        context, _ = step_attention(query, keys, values, hidden)
        return self.combine(context), cache

    def get_config(self):
        own = {"units": self.units, "heads": self.heads, "dropout": self.dropout}
        return super().get_config() | own
