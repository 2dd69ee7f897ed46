"""Scaled dot-product attention over several heads."""

import math

from keras import ops

from seq2seq.layers.plain_transposition import transpose_plainly


def split_heads(rows, sentences, tokens, heads, parts=1):
    """Splits rows [B * T, parts * M] into as many of [B, heads, T, M / heads].

    sentences, tokens: B and T; where B is -1, T is not 0.
    """
    depth = rows.shape[-1] // parts // heads
    if isinstance(tokens, int) and tokens == 1:  # what one token has lies in that order
        pieces = ops.split(rows, parts, axis=-1) if parts > 1 else [rows]
        return [ops.reshape(piece, (-1, heads, 1, depth)) for piece in pieces]
    split = ops.reshape(rows, (sentences, tokens, parts, heads, depth))
    return ops.unstack(transpose_plainly(split, (2, 0, 3, 1, 4)), parts)


def join_heads(tensor):
    """[B, H, T, D] -> rows [B * T, H * D]."""
    _, heads, tokens, depth = tensor.shape
    joined = tensor if tokens == 1 else transpose_plainly(tensor, (0, 2, 1, 3))
    return ops.reshape(joined, (-1, heads * depth))


def attend(query, keys, values, mask, dropout=None):
    """Reads values by scaled dot products: Vaswani et al. (2017), section 3.2.1.

    query [B, H, T, D], keys and values [B, H, S, D], mask broadcastable to [B, 1, T, S], True =
    may be read -> (context [B, H, T, D], weights [B, H, T, S] float32). A row that may read
    nothing reads evenly, which is finite.
    """
    query = query * (1.0 / math.sqrt(query.shape[-1]))
    # Not a product with transposed keys, which would be copied.
    scores = ops.cast(ops.einsum("bhtd,bhsd->bhts", query, keys), "float32")
    weights = ops.softmax(scores + hidden_from(mask, "float32"))
    read = weights if dropout is None else dropout(weights)
    return ops.matmul(ops.cast(read, values.dtype), values), weights


def step_attention(query, keys, values, hidden):
    """Reads as `attend`, in a step of a search -> (context [B * T, H * D], weights).

    hidden, as `hidden_from` makes it, is added to scores. The weights that are given back are
    float32 whatever reads the values: they are computed apart, and only where they are used.
    """
    query = query * (1.0 / math.sqrt(query.shape[-1]))
    scores = ops.einsum("bhtd,bhsd->bhts", query, keys)
    weights = ops.softmax(ops.cast(scores, "float32") + ops.cast(hidden, "float32"))
    return join_heads(ops.matmul(ops.softmax(scores + hidden), values)), weights


def hidden_from(visible, dtype):
    """Makes what hides from a softmax, when added, all that is not visible, bool: 0 or -1e9.

    To choose between the two numbers would take longer.
    """
    return (ops.cast(visible, dtype) - 1.0) * 1e9


def causal_mask(length):
    """Lets position t read positions 0 to t: bool [1, 1, T, T], True on and below the diagonal."""
    positions = ops.arange(length)
    return (positions[:, None] >= positions[None, :])[None, None]
