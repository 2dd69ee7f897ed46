"""Logits in float32, from whatever they were computed in.

TensorFlow is named here for an operation that its graph optimizer does not look through: it casts
anew for each reshape that follows a cast, and a search looks at logits in three ways. Beam 5, 64
sentences, in bfloat16: casts of a batch took 40 ms of 490, and 24 then.
"""

import tensorflow as tf
from keras import ops

from seq2seq.layers.portable import is_portable


def widen(logits):
    """Casts to float32, once."""
    if logits.dtype == "float32" or is_portable():
        return ops.cast(logits, "float32")
    return tf.ensure_shape(ops.cast(logits, "float32"), logits.shape)
