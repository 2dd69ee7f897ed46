"""Scaled dot-product attention over several heads."""

import math

from keras import ops


def split_heads(tensor, heads):
    """[B, T, M] -> [B, T, heads, M / heads]."""
    batch, length, units = ops.shape(tensor)
    return ops.reshape(tensor, (batch, length, heads, units // heads))


def join_heads(tensor):
    """[B, T, H, D] -> [B, T, H * D]."""
    batch, length, heads, depth = ops.shape(tensor)
    return ops.reshape(tensor, (batch, length, heads * depth))


def attend(query, keys, values, mask, dropout=None):
    """Reads values by scaled dot products: Vaswani et al. (2017), section 3.2.1.

    query [B, T, H, D], keys and values [B, S, H, D], mask broadcastable to [B, 1, T, S], True =
    may be read -> (context [B, T, H, D], weights [B, H, T, S] float32). A row that may read
    nothing reads evenly, which is finite.
    """
    query = query * (1.0 / math.sqrt(query.shape[-1]))
    scores = ops.cast(ops.einsum("bthd,bshd->bhts", query, keys), "float32")
    weights = ops.softmax(ops.where(mask, scores, -1e9))
    read = weights if dropout is None else dropout(weights)
    context = ops.einsum("bhts,bshd->bthd", ops.cast(read, values.dtype), values)
    return context, weights


def causal_mask(length):
    """Lets position t read positions 0 to t: bool [1, 1, T, T], True on and below the diagonal."""
    positions = ops.arange(length)
    return (positions[:, None] >= positions[None, :])[None, None]


def write_at(cache, position, new):
    """Puts new [R, 1, ...] at one position (a scalar) of cache [R, L, ...]."""
    here = ops.equal(ops.arange(ops.shape(cache)[1]), position)
    here = ops.reshape(here, (1, -1) + (1,) * (len(cache.shape) - 2))
    return ops.where(here, new, cache)
