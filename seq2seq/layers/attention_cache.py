"""Keys and values of what hypotheses have said, kept for self-attention.

TensorFlow is named here for `TensorStridedSliceUpdate`, which writes where the tensor lies. With
eight caches of 32 sentences, 4 heads, 64 wide, a step's writes take 1.9 ms at 80 entries a sentence
and 2.2 ms at 1,280; `tf.tensor_scatter_nd_update`, which copies, takes 1.0 and 22 ms.
"""

import tensorflow as tf
from keras import ops


def empty_cache(sentences, heads, room, depth, dtype):
    """Makes room for so many entries a sentence: {"keys", "values"}, each [B, H, room, D]."""
    shape = (sentences, heads, room, depth)
    return {name: ops.zeros(shape, dtype) for name in ("keys", "values")}


def write(cache, first, keys, values):
    """Puts keys and values [B, H, K, D] at the entries from `first`, a scalar, on."""
    new = {"keys": keys, "values": values}
    return {name: _write(cache[name], first, new[name]) for name in cache}


def _write(entries, first, new):
    last = ops.shape(new)[2]
    begin = tf.stack([0, 0, first, 0])
    # Under this mask the ends of all axes but the third are those of the tensor.
    end = tf.stack([0, 0, first + last, 0])
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=entries, begin=begin, end=end, strides=[1] * 4, value=new, begin_mask=11, end_mask=11
    )


def pack(cache, visible, sentences, room):
    """Keeps some sentences, and of their entries those that a hypothesis still sees.

    Hypotheses of a sentence share most of what they have said, so what the others of them said
    takes no more time. Entries lie in another order then, which attention does not mind.

    Args:
        cache: {name: {"keys": [B, H, E, D], "values": ...}}.
        visible: bool [B, K, E].
        sentences: int [N], which to keep.
        room: entries to leave free a sentence.

    Returns:
        (cache of [N, H, U + room, D], visible [N, K, U + room], U), where U is the most entries
        that any of the sentences sees.
    """
    visible = ops.take(visible, sentences, axis=0)
    seen = ops.any(visible, axis=1)
    used = ops.max(ops.sum(ops.cast(seen, "int32"), axis=1), initial=0)
    # Those that are seen come first, in their order.
    order = tf.argsort(ops.cast(seen, "int32"), direction="DESCENDING", stable=True)[:, :used]

    def keep(tensor):
        rows = ops.swapaxes(ops.take(tensor, sentences, axis=0), 1, 2)
        kept = ops.swapaxes(tf.gather(rows, order, batch_dims=1), 1, 2)
        return tf.pad(kept, [[0, 0], [0, 0], [0, room], [0, 0]])

    visible = tf.gather(ops.swapaxes(visible, 1, 2), order, batch_dims=1)
    visible = tf.pad(ops.swapaxes(visible, 1, 2), [[0, 0], [0, 0], [0, room]])
    return tf.nest.map_structure(keep, cache), visible, used
