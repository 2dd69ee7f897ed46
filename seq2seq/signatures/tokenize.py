"""Source texts as the model reads them."""

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.signatures.signature import Signature, within


class Tokenize(Signature):
    """Gives the ids and pieces of each source text, as the model reads them: cut, with END."""

    outputs = {"ids": "BS", "pieces": "BS", "length": "B"}

    def answer(self, text):
        ids = self.generator.source_ids(text)
        length, ids = tf.cast(ids.row_lengths(), tf.int32), ids.to_tensor(PAD)
        pieces = within(length, self.generator.source_tokenizer.tokens(ids))
        return {"ids": ids, "pieces": pieces, "length": length}
