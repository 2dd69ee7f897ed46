"""A target drawn at random, as each row asks."""

import tensorflow as tf

from seq2seq.signatures.signature import Signature


class Sample(Signature):
    """Draws a target of each text, by a temperature, cuts and a seed of its own.

    temperature: 1 is the model's distribution, less is sharper, 0 takes the likeliest.
    top_k: draws from so many of the likeliest, 0 from all.
    top_p: draws from the likeliest that together have this probability, 1 from all.
    seed: the same one gives the same target of the same text.
    """

    inputs = {
        "text": (tf.string, "B"),
        "temperature": (tf.float32, "B"),
        "top_k": (tf.int32, "B"),
        "top_p": (tf.float32, "B"),
        "seed": (tf.int64, "B"),
    }
    outputs = {"text": "B", "score": "B"}

    def answer(self, text, temperature, top_k, top_p, seed):
        given = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        found = self.generator.find(text, self.generator.search.sampling(), given)
        return {"text": self.generator.spelt(found["ids"])[:, 0], "score": found["score"][:, 0]}

    def ask(self, texts):
        count = len(texts)
        return {
            "text": list(texts),
            "temperature": [0.7] * count,
            "top_k": [20] * count,
            "top_p": [0.9] * count,
            "seed": list(range(count)),
        }
