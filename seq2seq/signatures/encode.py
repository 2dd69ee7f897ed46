"""Texts as vectors."""

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.signatures.signature import Signature, within


class Encode(Signature):
    """Gives each text a vector: the mean of what the encoder made of its pieces.

    Vectors are as long as the model is wide; those of an ensemble's models stand side by side.
    """

    outputs = {"embedding": "BM"}

    def answer(self, text):
        ids = self.generator.source_ids(text)
        vectors = tf.cast(self.generator.model.features(ids.to_tensor(PAD)), tf.float32)
        total = tf.reduce_sum(within(ids.row_lengths(), vectors), axis=1)
        return {"embedding": total / tf.cast(ids.row_lengths(), tf.float32)[:, None]}
