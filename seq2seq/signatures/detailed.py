"""The best target of each text, and how it came to be."""

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.signatures.signature import Signature, within


class Detailed(Signature):
    """Gives the best target of each text, and tells of its pieces.

    pieces, token_scores: how the target's pieces are spelt, END too where it was not cut, and
        their log-probabilities; `length` of them.
    alignments: how much of each source piece went into each target piece; a row adds up to 1.
    source_pieces: what was read, `source_length` of them; the last is END.
    """

    outputs = {
        "text": "B",
        "score": "B",
        "pieces": "BT",
        "length": "B",
        "token_scores": "BT",
        "alignments": "BTS",
        "source_pieces": "BS",
        "source_length": "B",
    }

    def answer(self, text):
        found = self.generator.found(text)
        ids = found["ids"][:, 0]
        length = _length(ids)
        ids = ids[:, : tf.maximum(tf.reduce_max(length), 1)]
        forced = self.generator.forced(text, ids)
        source, source_length = forced["source"], _length(forced["source"])
        return {
            "text": self.generator.spelt(ids[:, None])[:, 0],
            "score": found["score"][:, 0],
            "pieces": within(length, self.generator.target_tokenizer.tokens(ids)),
            "length": length,
            "token_scores": forced["log_probability"],
            "alignments": within(length, forced["attention"]),
            "source_pieces": within(source_length, self.generator.source_tokenizer.tokens(source)),
            "source_length": source_length,
        }


def _length(ids):
    return tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=1)
