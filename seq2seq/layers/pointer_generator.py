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
        """features [B,T,D], logits [B,T,V], attention [B,T,S], source [B,S] -> log p [B,T,V] float32."""
        generate = ops.sigmoid(self.gate(features))
        written = generate * ops.softmax(ops.cast(logits, "float32"))
        pointed = (1.0 - generate) * ops.cast(attention, "float32")
        ids = ops.one_hot(source, logits.shape[-1], dtype="float32")
        copied = ops.einsum("bts,bsv->btv", pointed, ids)
        return ops.log(ops.maximum(written + copied, FLOOR))

    def compute_output_spec(self, features, logits, attention, source):
        return keras.KerasTensor(logits.shape, dtype="float32")
