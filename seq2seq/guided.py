"""Targets that begin with, and say, what is asked of each."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.generated import Generated
from seq2seq.generator import TEXT, Generator
from seq2seq.text_batches import answered, encoded


class Request(NamedTuple):
    """A source text, what its target is to begin with, and phrases that it is to say."""

    text: str
    prefix: str = ""
    required: tuple[str, ...] = ()


class Guided(tf.Module):
    """Lets a generator keep to a prefix and to required phrases, which differ by text.

    guided = Guided(generator)
    list(guided.generate([Request("A man in a hat.", prefix="Ein", required=("Hut",))]))

    Its search is the generator's, as a `ConstrainedBeamSearch` of the same options. A prefix and a
    phrase are the ids that the target's tokenizer makes of them, so a prefix ends where a word
    does. Where the limit leaves no room for all phrases, the answer is an empty text with a
    score of -1e9.
    """

    def __init__(self, generator: Generator):
        super().__init__()
        self.generator = generator
        self.search = generator.search.guided()

    @tf.function(
        input_signature=[
            TEXT,
            tf.TensorSpec([None], tf.string, name="prefix"),
            tf.TensorSpec([None, None], tf.string, name="required"),
        ],
        autograph=False,
    )
    def __call__(self, text, prefix, required):
        """Generates targets: text [B], prefix [B], required [B, C], "" for none; B >= 1.

        Returns:
            {"text": [B], "score": [B]}
        """
        tokenize = lambda text: self.generator.target_tokenizer.tokenize(text).to_tensor(PAD)
        begun, shape = tokenize(prefix), tf.shape(required)
        phrases = tokenize(tf.reshape(required, [-1]))
        # At least one id, so that there is a place to compare.
        phrases = tf.pad(phrases, [[0, 0], [0, 1]])
        phrases = tf.reshape(phrases, [shape[0], shape[1], tf.shape(phrases)[1]])
        given = {"prefix": begun, "required": phrases}
        found = self.generator.find(text, self.search, given)
        spelt = self.generator.told(text, found["ids"][:, :1])[:, 0]
        return {"text": spelt, "score": found["score"][:, 0]}

    def generate(
        self, requests: Iterable[Request], progress: Callable[[int], None] = lambda count: None
    ) -> Iterator[Generated]:
        """Yields a target for each request, in order, from batches of texts of like length."""

        def answer(asked: list[Request]) -> list[Generated]:
            most = max(len(one.required) for one in asked)
            required = [[*one.required, *[""] * (most - len(one.required))] for one in asked]
            flat = encoded([phrase for row in required for phrase in row])
            found = self(
                encoded([one.text for one in asked]),
                encoded([one.prefix for one in asked]),
                tf.reshape(flat, [len(asked), most]),
            )
            rows = zip(found["text"].numpy(), found["score"].numpy().tolist())
            return [Generated(text.decode(), score) for text, score in rows]

        lengths = lambda asked: self.generator.lengths([one.text for one in asked])
        return answered(requests, lengths, answer, self.generator.batch_tokens, progress)
