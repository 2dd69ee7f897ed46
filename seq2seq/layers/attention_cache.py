"""Keys and values of what hypotheses have said, kept for self-attention.

TensorFlow is named here for `TensorStridedSliceUpdate`, which writes where the tensor lies: the
time of a step does not grow with the cache, as it does with `tf.tensor_scatter_nd_update`, which
copies (eight caches of 32 sentences, 4 heads, 64 wide, 80 and 1,280 entries: 1.0 and 22 ms).

A cache has a row a sentence and head, and in it the entries end to end, [B * H, E * D]: of any
other layout, the same writes took three times as long.
"""

import tensorflow as tf
from keras import ops

from seq2seq.layers.gather import gather
from seq2seq.layers.portable import is_portable


def empty_cache(sentences, heads, room, depth, dtype):
    """Makes room for so many entries a sentence: {"keys", "values"}, each [B * H, room * D]."""
    shape = (sentences * heads, room * depth)
    return {name: ops.zeros(shape, dtype) for name in ("keys", "values")}


def write(cache, visible, first, keys, values):
    """Puts keys and values [B, H, K, D] at the entries from `first`, a scalar, on.

    visible [B, K, E] tells the number of entries: asked of each cache, TensorFlow would compute it
    as often.
    """
    new = {"keys": keys, "values": values}
    entries = ops.shape(visible)[-1]
    return {name: _write(cache[name], entries, first, new[name]) for name in cache}


def read(cache, visible, like):
    """Gives all entries, keys and values, each [B, H, E, D] for `like` [B, H, K, D]."""
    _, heads, _, depth = ops.shape(like)
    shape = (-1, heads, ops.shape(visible)[-1], depth)
    return tuple(ops.reshape(cache[name], shape) for name in ("keys", "values"))


def _write(numbers, entries, first, new):
    _, _, count, depth = ops.shape(new)
    rows = ops.reshape(new, (-1, count * depth))
    if is_portable():
        return tf.concat([numbers, rows], axis=1)
    words, rows = _as_words(numbers, entries, depth), _as_words(rows, count, depth)
    width = depth * numbers.dtype.size // words.dtype.size  # of an entry, in words
    begin, end = tf.stack([0, first * width]), tf.stack([0, (first + count) * width])
    # Under these masks the first axis is taken whole.
    written = tf.raw_ops.TensorStridedSliceUpdate(
        input=words, begin=begin, end=end, strides=[1, 1], value=rows, begin_mask=1, end_mask=1
    )
    return tf.reshape(tf.bitcast(written, numbers.dtype), (-1, entries * depth))


def _as_words(numbers, entries, depth):
    """Views numbers [R, entries * depth] as the largest words that entries consist of.

    TensorFlow writes word by word, whatever their size.
    """
    size = depth * numbers.dtype.size
    kind = next(kind for kind in (tf.complex128, tf.int64, tf.int16) if size % kind.size == 0)
    count = kind.size // numbers.dtype.size
    if count == 1:
        return tf.bitcast(numbers, kind)
    return tf.bitcast(ops.reshape(numbers, (-1, entries * (depth // count), count)), kind)


def pack(cache, visible, sentences, heads, depth, room):
    """Keeps some sentences, and of their entries those that a hypothesis still sees.

    Hypotheses of a sentence share most of what they have said, so what the others of them said
    takes no more time. Entries lie in another order then, which attention does not mind.

    Args:
        cache: nested tensors [B * H, E * D].
        visible: bool [B, K, E].
        sentences: int [N], which to keep.
        room: entries to leave free a sentence.

    Returns:
        (cache of U + room entries, visible [N, K, U + room], U), where U is the most entries that
        any of the sentences sees.
    """
    before, _, entries = ops.shape(visible)
    visible = gather(visible, sentences)
    seen = ops.cast(ops.any(visible, axis=1), "int32")
    used = ops.max(ops.sum(seen, axis=1), initial=0)
    # Those that are seen come first, in their order.
    order = tf.argsort(seen, direction="DESCENDING", stable=True)[:, :used]
    # Of each row of a kept sentence and head, the places of its kept entries among all.
    rows = sentences[:, None] * heads + ops.arange(heads)
    places = ops.reshape(rows[:, :, None] * entries + order[:, None, :], (-1, used))

    def keep(tensor):
        kept = gather(ops.reshape(tensor, (before * heads * entries, depth)), places)
        return tf.pad(
            ops.reshape(kept, (ops.shape(places)[0], used * depth)), [[0, 0], [0, room * depth]]
        )

    visible = tf.gather(visible, order, axis=2, batch_dims=1)
    visible = tf.pad(visible, [[0, 0], [0, 0], [0, room]])
    return tf.nest.map_structure(keep, cache), visible, used
