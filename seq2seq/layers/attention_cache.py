"""Keys and values of what hypotheses have said, kept for self-attention.

TensorFlow is named here for `TensorStridedSliceUpdate`, which writes where the tensor lies: the
time of a step does not grow with the cache, as it does with `tf.tensor_scatter_nd_update`, which
copies (eight caches of 32 sentences, 4 heads, 64 wide, 80 and 1,280 entries: 1.0 and 22 ms).

A cache has a row for the keys of each sentence and head, then one for their values, and in it the
entries end to end, [2 * B * H, E * W]: of any other layout, the same writes took three times as
long. An entry is kept in words W, the largest that its bits fill, since TensorFlow writes word by
word, whatever their size.

Engines that other graphs are traced for have {"keys", "values"} instead, each [B * H, E * D].
"""

import dataclasses

import tensorflow as tf
from keras import ops

from seq2seq.layers.gather import gather
from seq2seq.layers.portable import is_portable


@dataclasses.dataclass(frozen=True)
class AttentionCache:
    """What caches of some layers are like; the caches themselves are tensors.

    Args:
        heads, depth: H, D.
        dtype: of keys and values.
    """

    heads: int
    depth: int
    dtype: str

    @property
    def word(self) -> tf.DType:
        kinds = (tf.complex128, tf.int64, tf.int32, tf.int16)
        return next(kind for kind in kinds if self._size % kind.size == 0)

    @property
    def words(self) -> int:
        """W, of an entry."""
        return self._size // self.word.size

    @property
    def _size(self) -> int:
        return self.depth * tf.as_dtype(self.dtype).size

    def empty(self, sentences, room):
        """Makes room for so many entries a sentence."""
        return tf.zeros((2 * sentences * self.heads, room * self.words), self.word)

    def write(self, cache, first, keys, values):
        """Puts keys and values [B, H, K, D] at the entries from `first`, a scalar, on."""
        count = ops.shape(keys)[2]
        if is_portable():
            shape = (-1, count * self.depth)
            new = {"keys": ops.reshape(keys, shape), "values": ops.reshape(values, shape)}
            return {name: tf.concat([cache[name], new[name]], axis=1) for name in cache}
        begin = tf.multiply(first, [0, self.words])
        # Under these masks the first axis is taken whole.
        return tf.raw_ops.TensorStridedSliceUpdate(
            input=cache,
            begin=begin,
            end=begin + [0, count * self.words],
            strides=[1, 1],
            value=self._as_words(ops.stack([keys, values]), count),
            begin_mask=1,
            end_mask=1,
        )

    def read(self, cache, visible):
        """Gives all entries: keys and values, each [B, H, E, D].

        visible [B, K, E] tells the number of entries: asked of each cache, TensorFlow would compute
        it as often.
        """
        shape = (-1, self.heads, ops.shape(visible)[-1], self.depth)
        if is_portable():
            return tuple(ops.reshape(cache[name], shape) for name in ("keys", "values"))
        return tf.unstack(tf.reshape(tf.bitcast(cache, self.dtype), (2, *shape)))

    def pack(self, caches, visible, sentences, room):
        """Keeps some sentences, and of their entries those that a hypothesis still sees.

        Hypotheses of a sentence share most of what they have said, so what the others of them said
        takes no more time. Entries lie in another order then, which attention does not mind.

        Args:
            caches: nested tensors.
            visible: bool [B, K, E].
            sentences: int [N], which to keep.
            room: entries to leave free a sentence, 1 or more.

        Returns:
            (caches of U + room entries, visible [N, K, U + room], U), where U is the most entries
            that any of the sentences sees.
        """
        before, _, entries = ops.shape(visible)
        visible = gather(visible, sentences)
        seen = ops.cast(ops.any(visible, axis=1), "int32")
        used = ops.max(ops.sum(seen, axis=1), initial=0)
        # Those that are seen come first, in their order.
        order = tf.argsort(seen, direction="DESCENDING", stable=True)[:, :used]
        visible = tf.gather(visible, order, axis=2, batch_dims=1)
        # What is free holds the first entry, again and again, which is not seen there: to make
        # room by padding would copy all entries once more.
        order = tf.pad(order, [[0, 0], [0, room]])
        # Of keys and values of each kept sentence and head, the places of its kept entries.
        rows = ops.arange(2)[:, None, None] * before + sentences[:, None]
        rows = rows * self.heads + ops.arange(self.heads)
        places = ops.reshape(rows[..., None] * entries + order[:, None, :], (-1, used + room))

        def keep(cache):
            entries_of_all = ops.reshape(cache, (2 * before * self.heads * entries, self.words))
            kept = gather(entries_of_all, places)
            return ops.reshape(kept, (ops.shape(places)[0], (used + room) * self.words))

        visible = tf.pad(visible, [[0, 0], [0, 0], [0, room]])
        return tf.nest.map_structure(keep, caches), visible, used

    def _as_words(self, numbers, count):
        """Views keys and values [2, B, H, count, D] as rows of words."""
        together = self.word.size // tf.as_dtype(self.dtype).size
        shape = (-1, count * self.words)
        if together == 1:
            return tf.bitcast(ops.reshape(numbers, shape), self.word)
        return tf.bitcast(ops.reshape(numbers, (*shape, together)), self.word)
