"""Attention weights from scores."""

from keras import ops


def masked_softmax(scores, mask):
    """scores [B, T, S], mask [B, S], True = may be read -> weights [B, T, S] float32.

    A row that may read nothing reads evenly, which is finite.
    """
    scores = ops.where(mask[:, None, :], ops.cast(scores, "float32"), -1e9)
    return ops.softmax(scores, axis=-1)
