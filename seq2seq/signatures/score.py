"""How likely given targets are."""

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.signatures.signature import Signature


class Score(Signature):
    """Scores a target of each source: its log-probability, END included.

    token_scores: of the target's pieces, `length` of them. Of a target longer than the generator's
    limit, so many pieces are scored.
    """

    inputs = {"source": (tf.string, "B"), "target": (tf.string, "B")}
    outputs = {"score": "B", "token_scores": "BT", "length": "B"}

    def answer(self, source, target):
        ids = self.generator.target_ids(target)[:, : self.generator.max_target]
        said = self.generator.forced(source, ids.to_tensor(PAD))["log_probability"]
        length = tf.cast(ids.row_lengths(), tf.int32)
        return {"score": tf.reduce_sum(said, axis=1), "token_scores": said, "length": length}

    def ask(self, texts):
        return {"source": list(texts), "target": list(texts)}

    def example(self, text, target):
        return {"source": [text], "target": [target]}
