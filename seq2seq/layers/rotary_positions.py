"""Rotary positions."""

from keras import ops


def rotate(tensor, positions):
    """Turns each pair of features by an angle that grows with the position.

    Su et al. (2021), section 3.2.2. tensor [B, H, T, D] with an even D, positions int [T]
    or [B, T] -> [B, H, T, D]. The dot product of two rotated vectors depends on their distance
    alone.
    """
    half = tensor.shape[-1] // 2
    rates = ops.power(10000.0, -ops.arange(half, dtype="float32") / half)
    angles = ops.cast(ops.expand_dims(positions, -2), "float32")[..., None] * rates
    cosine = ops.cast(ops.cos(angles), tensor.dtype)
    sine = ops.cast(ops.sin(angles), tensor.dtype)
    first, second = tensor[..., :half], tensor[..., half:]
    return ops.concatenate(
        [first * cosine - second * sine, second * cosine + first * sine], axis=-1
    )
