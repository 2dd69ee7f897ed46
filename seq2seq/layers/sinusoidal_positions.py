"""Sinusoidal positions."""

from keras import ops


def sinusoids(positions, units):
    """Makes position vectors, int [...] -> [..., units]: Vaswani et al. (2017), section 3.5."""
    half = units // 2
    rates = ops.power(10000.0, -ops.arange(half, dtype="float32") / half)
    angles = ops.cast(positions, "float32")[..., None] * rates
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
