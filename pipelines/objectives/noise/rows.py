"""Rows of ids [R, T], padding behind: what all noise is made of."""

import tensorflow as tf

from pipelines.special_tokens import PAD


def lengths(rows: tf.Tensor) -> tf.Tensor:
    """Counts the ids of each row, int32 [R]: [[7, 8, PAD]] -> [2]."""
    return tf.math.count_nonzero(rows, axis=1, dtype=tf.int32)


def closed_up(rows: tf.Tensor) -> tf.Tensor:
    """Moves ids together where there is padding between: [[7, PAD, 8], [PAD, PAD, PAD]] ->
    [[7, 8], [PAD, PAD]]."""
    ids = tf.boolean_mask(rows, rows != PAD)
    return tf.RaggedTensor.from_row_lengths(ids, lengths(rows), validate=False).to_tensor()


def side_by_side(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Takes an id of each in turn: [[1, 2]], [[8, 9]] -> [[1, 8, 2, 9]]."""
    return tf.reshape(
        tf.stack([first, second], axis=2), [tf.shape(first)[0], 2 * tf.shape(first)[1]]
    )
