"""Random numbers that depend on words alone, not on what else is drawn beside them."""

import functools

from keras import ops


def words_mixed(*words):
    """Mixes integers of one shape, or that broadcast to one, into a uint32 of that shape.

    Each word goes through the finaliser of MurmurHash3 (Appleby, public domain), in which every
    bit of the input changes each bit of the output with a chance close to a half. TensorFlow's own
    stateless generators make a whole tensor of one seed: an entry depends on its place there.
    """
    return functools.reduce(_mix, (ops.cast(word, "uint32") for word in words), _word(0))


def uniform(*words):
    """Draws from [0, 1) by integers: float32, in steps of 2 ** -23.

    A product with a sum in float32 stays below the sum.
    """
    bits = ops.right_shift(words_mixed(*words), _word(9))
    return ops.cast(bits, "float32") * 2.0**-23


def _mix(mixed, word):
    mixed = ops.bitwise_xor(mixed, word) + _word(0x9E3779B9)  # so that zeros are mixed too
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = ops.bitwise_xor(mixed, ops.right_shift(mixed, _word(shift))) * _word(factor)
    return ops.bitwise_xor(mixed, ops.right_shift(mixed, _word(16)))


def _word(number: int):
    return ops.convert_to_tensor(number, "uint32")
