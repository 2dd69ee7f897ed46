"""Gathers entries by their places.

TensorFlow is named here since `ops.take` lets places count from the end, too, for which it has
five more operations: a fifth of those that a step of a beam search had beside the model's.
"""

import tensorflow as tf


def gather(tensor, places):
    """Takes the entries of the first axis at places, int [...], of which none is below 0."""
    return tf.gather(tf.convert_to_tensor(tensor), places)


def gather_within(tensor, places):
    """Takes entries of each row: tensor [N, C, ...], places [N, P] -> [N, P, ...]."""
    return tf.gather(tf.convert_to_tensor(tensor), places, batch_dims=1)
