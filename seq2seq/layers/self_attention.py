"""Attention of a sequence to itself, all positions at once or one at a time."""

import keras
from keras import ops

from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.headed_attention import attend, join_heads, split_heads, write_at


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

    def call(self, inputs, visible, turn):
        """inputs [B, T, M], visible broadcastable to [B, 1, T, T] -> [B, T, units]."""
        query, keys, values = self._heads(inputs)
        positions = ops.arange(ops.shape(inputs)[1])
        query, keys = turn(query, positions), turn(keys, positions)
        context, _ = attend(query, keys, values, visible, self.drop)
        return self.combine(join_heads(context))

    def begin(self, rows, length):
        """Makes an empty cache of `length` positions for so many rows."""
        shape = (rows, length, self.heads, self.units // self.heads)
        return {name: ops.zeros(shape, self.compute_dtype) for name in ("keys", "values")}

    def step(self, inputs, position, cache, turn):
        """Reads positions up to this one: inputs [R, 1, M] -> ([R, 1, units], the next cache)."""
        query, keys, values = self._heads(inputs)
        here = ops.reshape(position, (1,))
        cache = {
            "keys": write_at(cache["keys"], position, turn(keys, here)),
            "values": write_at(cache["values"], position, values),
        }
        past = ops.arange(ops.shape(cache["keys"])[1]) <= position
        context, _ = attend(turn(query, here), cache["keys"], cache["values"], past)
        return self.combine(join_heads(context)), cache

    def _heads(self, inputs):
        query, keys, values = ops.split(self.project(inputs), 3, axis=-1)
        return [split_heads(part, self.heads) for part in (query, keys, values)]

    def get_config(self):
        own = {"units": self.units, "heads": self.heads, "dropout": self.dropout}
        return super().get_config() | own
