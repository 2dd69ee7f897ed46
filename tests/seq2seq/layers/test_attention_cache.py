"""Caches of all widths and precisions give what was written, and keep what is seen."""

import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.attention_cache import AttentionCache

HEADS = 2


def entries(cache, count, seed):
    """Draws keys and values [B, H, count, D] of 3 sentences."""
    draw = np.random.default_rng(seed)
    shape = (3, HEADS, count, cache.depth)
    return [tf.cast(draw.normal(size=shape), cache.dtype) for _ in range(2)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 8])
def test_entries_are_read_as_they_were_written_and_kept_where_they_are_seen(depth, dtype):
    cache = AttentionCache(HEADS, depth, dtype)
    first, second = entries(cache, 2, seed=1), entries(cache, 2, seed=2)
    visible = tf.constant([[[True, False, True, False, False]] * 2] * 3)
    numbers = cache.write(cache.empty(3, 5), 0, *first)
    numbers = cache.write(numbers, 2, *second)
    found = cache.read(numbers, visible)
    for each, *wanted in zip(found, first, second):
        np.testing.assert_array_equal(each[:, :, :4], tf.concat(wanted, axis=2))
        assert not np.asarray(each[:, :, 4:], "float32").any()
    packed, kept, used = cache.pack({"layer": numbers}, visible, tf.constant([2, 0]), 3)
    assert used == 2 and kept.shape == (2, 2, 5)
    np.testing.assert_array_equal(kept[:, :, :2], True)
    np.testing.assert_array_equal(kept[:, :, 2:], False)
    for each, before in zip(cache.read(packed["layer"], kept), found):
        wanted = tf.gather(tf.gather(before, [2, 0]), [0, 2], axis=2)
        np.testing.assert_array_equal(each[:, :, :2], wanted)
