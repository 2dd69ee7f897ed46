"""Texts of the target's ids."""

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.signatures.signature import Signature, within


class Detokenize(Signature):
    """Spells ids of the target's vocabulary, of each row as many as its length says.

    Servers that join requests fill short rows up with any id, so the length must be told.
    """

    inputs = {"ids": (tf.int32, "BT"), "length": (tf.int32, "B")}
    outputs = {"text": "B"}

    def answer(self, ids, length):
        return {"text": self.generator.spelt(within(length, ids)[:, None])[:, 0]}

    def ask(self, texts):
        ids = self.generator.target_ids(tf.constant(texts, tf.string, [len(texts)]))
        return {
            "ids": ids.to_tensor(PAD).numpy().tolist(),
            "length": ids.row_lengths().numpy().tolist(),
        }

    def example(self, text, target):
        return self.ask([target])
