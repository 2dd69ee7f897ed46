"""Random numbers that depend on nothing but the row they are drawn for."""

import itertools

import tensorflow as tf

# Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", section 4:
# number n of a key is mixed(key + n * GAMMA), so that all are made at once.
GAMMA = 0x9E3779B97F4A7C15
FACTORS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
SHIFTS = 30, 27, 31
STREAM = 2**32  # numbers of a row in one draw
PLACES = 2**16  # of a row, among which some are chosen


class Draws:
    """Numbers for rows, by their keys, uint64 [R]; each call draws new ones.

    What a row gets does not depend on the rows beside it, so batches can be cut and shared
    between workers in any way.
    """

    def __init__(self, keys: tf.Tensor):
        self.keys = keys
        self._streams = itertools.count()

    def bits(self, width) -> tf.Tensor:
        """Draws 64 random bits for each of `width` places: uint64 [R, width]."""
        first = next(self._streams) * STREAM + 1
        number = tf.cast(tf.range(width), tf.uint64) + constant(first)
        return mixed(self.keys[:, None] + number * constant(GAMMA))

    def uniform(self, width) -> tf.Tensor:
        """Draws numbers from 0 to below 1: float32 [R, width]."""
        bits = tf.bitwise.right_shift(self.bits(width), constant(40))  # all that float32 can hold
        return tf.cast(bits, tf.float32) / 2**24

    def chosen(self, count: tf.Tensor, among: tf.Tensor, width) -> tf.Tensor:
        """Chooses `count` [R] of the first `among` [R] places, any as likely: bool [R, width].

        count [2], among [3], width 4 -> one of [T, T, F, F], [T, F, T, F] and [F, T, T, F].
        """
        place = tf.range(width)
        bits = tf.bitwise.right_shift(self.bits(width), constant(1))
        # Unequal, by the place that they end with; largest where nothing may be chosen.
        ranks = tf.cast(bits, tf.int64) // PLACES * PLACES + tf.cast(place, tf.int64)
        ranks = tf.where(place < among[:, None], ranks, tf.int64.max)
        most = tf.maximum(tf.reduce_max(count), 0)
        lowest = -tf.math.top_k(-ranks, most).values
        nothing = tf.fill([tf.shape(ranks)[0], 1], tf.constant(-1, tf.int64))
        last = tf.gather(tf.concat([nothing, lowest], axis=1), count, batch_dims=1)
        return ranks <= last[:, None]


def keys(rows: tf.Tensor, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """Makes a key of each row of ids [R, T], the padding aside: uint64 [R]."""
    place = tf.cast(tf.range(tf.shape(rows)[1]), tf.uint64)
    ids = tf.cast(rows, tf.uint64)
    parts = mixed(place * constant(GAMMA) + ids)
    content = tf.reduce_sum(tf.where(rows == 0, constant(0), parts), axis=1)
    times = mixed(constant(seed % 2**64)) + tf.bitcast(tf.cast(epoch, tf.int64), tf.uint64)
    return mixed(content + mixed(times))


def mixed(numbers: tf.Tensor) -> tf.Tensor:
    """Scrambles uint64 numbers, of any shape, one to one."""
    *shifts, last = (constant(shift) for shift in SHIFTS)
    for shift, factor in zip(shifts, FACTORS):
        numbers = tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, shift))
        numbers *= constant(factor)
    return tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, last))


def constant(number: int) -> tf.Tensor:
    return tf.constant(number, tf.uint64)
