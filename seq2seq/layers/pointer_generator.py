"""Copying from the source: the pointer-generator output."""

import keras
from keras import ops

# The least probability whose logarithm is taken: a vocabulary entry that underflows stays finite.
FLOOR = 1e-20


@keras.saving.register_keras_serializable(package="seq2seq")
class PointerGenerator(keras.layers.Layer):
    """Mixes the vocabulary's distribution with attention over the source's ids.

    See, Liu and Manning (2017), section 2.2, with a vocabulary shared by source and target, so
    that no extension is needed: p = g softmax(logits) + (1 - g) sum of attention on equal ids.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.gate = keras.layers.Dense(1, dtype="float32", name="gate")

    def build(self, features_shape, logits_shape, attention_shape, source_shape):
        self.gate.build(features_shape)
        self.built = True

    def call(self, features, logits, attention, source):
        """Mixes: features [B, T, D], logits [B, T, V], attention [B, T, S], source [B, S] ->
        log-probabilities [B, T, V] float32."""
        generate = ops.sigmoid(self.gate(features))
        written = generate * ops.softmax(ops.cast(logits, "float32"))
        pointed = (1.0 - generate) * ops.cast(attention, "float32")
        copied = _by_id(pointed, source, logits.shape[-1])
        return ops.log(ops.maximum(written + copied, FLOOR))

    def compute_output_spec(self, features, logits, attention, source):
        return keras.KerasTensor(logits.shape, dtype="float32")


def _by_id(attention, source, vocabulary):
    """Adds up attention [B, T, S] on equal ids of source [B, S] -> [B, T, vocabulary]."""
    batch, length, _ = ops.shape(attention)
    rows = ops.reshape(ops.arange(batch * length), (batch, length, 1))
    ids = ops.broadcast_to(ops.cast(source, "int32")[:, None], ops.shape(attention))
    places = ops.reshape(rows * vocabulary + ids, (-1, 1))
    summed = ops.scatter(places, ops.reshape(attention, (-1,)), (batch * length * vocabulary,))
    return ops.reshape(summed, (batch, length, vocabulary))
