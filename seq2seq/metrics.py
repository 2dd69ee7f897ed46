"""Metrics over tokens, padding left out."""

import keras
from keras import ops

from seq2seq.losses import cross_entropy


@keras.saving.register_keras_serializable(package="seq2seq")
class TokenAccuracy(keras.metrics.Mean):
    """The share of labels [B, T] that are the most likely token of logits [B, T, V]."""

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, labels, logits, sample_weight=None):
        right = ops.equal(ops.cast(labels, "int32"), ops.argmax(logits, axis=-1))
        return super().update_state(ops.cast(right, "float32"), sample_weight)


@keras.saving.register_keras_serializable(package="seq2seq")
class Perplexity(keras.metrics.Mean):
    """exp of the mean cross-entropy of labels [B, T] under logits [B, T, V], without smoothing."""

    def __init__(self, name="perplexity", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, labels, logits, sample_weight=None):
        return super().update_state(cross_entropy(labels, logits), sample_weight)

    def result(self):
        return ops.exp(super().result())
