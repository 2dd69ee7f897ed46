"""Tells a Transformer the order of its tokens."""

import keras
from keras import ops

from seq2seq.layers.gather import gather
from seq2seq.layers.rotary_positions import rotate
from seq2seq.layers.sinusoidal_positions import sinusoids


class Positions(keras.layers.Layer):
    """Marks positions in one of two places: on the embeddings or on queries and keys."""

    def mark(self, embedded, positions):
        """Marks embedded tokens [B, T, M] at positions int [..., T]."""
        return embedded

    def turn(self, heads, positions):
        """Marks queries or keys [B, H, T, D] of self-attention at positions int [..., T]."""
        return heads


@keras.saving.register_keras_serializable(package="seq2seq")
class SinusoidalPositions(Positions):
    """Adds fixed sinusoids: Vaswani et al. (2017), section 3.5."""

    def mark(self, embedded, positions):
        return embedded + ops.cast(sinusoids(positions, embedded.shape[-1]), embedded.dtype)


@keras.saving.register_keras_serializable(package="seq2seq")
class LearnedPositions(Positions):
    """Adds a learned vector a position: Gehring et al. (2017), section 3.1.

    Positions past `length` share the last vector.
    """

    def __init__(self, length: int, units: int, **kwargs):
        super().__init__(**kwargs)
        self.length = length
        self.units = units

    def build(self, input_shape=None):
        self.vectors = self.add_weight(
            shape=(self.length, self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="vectors",
        )
        self.built = True

    def mark(self, embedded, positions):
        positions = ops.minimum(positions, self.length - 1)
        return embedded + ops.cast(gather(self.vectors, positions), embedded.dtype)

    def get_config(self):
        return super().get_config() | {"length": self.length, "units": self.units}


@keras.saving.register_keras_serializable(package="seq2seq")
class RotaryPositions(Positions):
    """Rotates queries and keys: Su et al. (2021)."""

    def turn(self, heads, positions):
        return rotate(heads, positions)


def positions_of(kind, length, units, **kwargs):
    """Makes the kind of positions that a constructor names: "sinusoidal", "learned" or "rotary"."""
    if kind != "learned":
        return {"sinusoidal": SinusoidalPositions, "rotary": RotaryPositions}[kind](**kwargs)
    positions = LearnedPositions(length, units, **kwargs)
    # Its methods are called, never the layer itself, so Keras would not build it.
    positions.build()
    return positions
