"""Loops along time.

TensorFlow is named here since `keras.ops.scan` can only record a copy of the whole state.
"""

import tensorflow as tf


def recur(advance, inputs, state, recorded):
    """Carries a state along time and records a part of it.

    Args:
        advance: (inputs at one position, state) -> the next state.
        inputs: nested tensors [T, B, ...].
        state: nested tensors [B, ...].
        recorded: state -> the nested tensors [B, ...] to record.

    Returns:
        what was recorded, nested tensors [T, B, ...], and the last state.
    """
    inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
    first = tf.nest.flatten(inputs)[0]
    if first.shape[0] == 1:  # stepping: one position needs no loop
        state = advance(tf.nest.map_structure(lambda tensor: tensor[0], inputs), state)
        return tf.nest.map_structure(lambda tensor: tensor[None], recorded(state)), state
    length = tf.shape(first)[0]
    fed = tf.nest.map_structure(lambda tensor: _array(tensor.dtype, length).unstack(tensor), inputs)
    kept = tf.nest.map_structure(
        lambda tensor: _array(tensor.dtype, length, tensor.shape), recorded(state)
    )

    def body(position, state, kept):
        now = tf.nest.map_structure(lambda array: array.read(position), fed)
        following = advance(now, state)
        tf.nest.map_structure(lambda new, old: new.set_shape(old.shape), following, state)
        write = lambda array, tensor: array.write(position, tensor)
        kept = tf.nest.map_structure(write, kept, recorded(following))
        return position + 1, following, kept

    begin = (tf.constant(0), state, kept)
    _, state, kept = tf.while_loop(lambda position, *_: position < length, body, begin)
    return tf.nest.map_structure(lambda array: array.stack(), kept), state


def _array(dtype, length, shape=None):
    return tf.TensorArray(dtype, length, element_shape=shape)
