"""Ids to vectors and, where embeddings are tied, vectors back to logits."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seq2seq")
class TokenEmbedding(keras.layers.Layer):
    """Looks up ids [B, T] -> [B, T, units], scaled by sqrt(units).

    Vaswani et al. (2017), section 3.4.
    """

    def __init__(self, vocabulary: int, units: int, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary = vocabulary
        self.units = units

    def build(self, ids=None):
        self.vectors = self.add_weight(
            shape=(self.vocabulary, self.units),
            initializer=keras.initializers.RandomNormal(stddev=self.units**-0.5),
            name="vectors",
        )
        self.built = True

    def call(self, ids):
        return ops.take(self.vectors, ids, axis=0) * self.units**0.5

    def project(self, features):
        """Scores each token with these same vectors: [B, T, units] -> [B, T, V]."""
        return ops.matmul(features, ops.transpose(ops.cast(self.vectors, features.dtype)))

    def get_config(self):
        return super().get_config() | {"vocabulary": self.vocabulary, "units": self.units}
