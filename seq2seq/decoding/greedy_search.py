"""Takes the likeliest token at each position."""

import dataclasses

from keras import ops

from seq2seq.decoding.parts.walk import begin_walk, walk
from seq2seq.decoding.search import Hypotheses, Search, Steps


@dataclasses.dataclass(frozen=True)
class GreedySearch(Search):
    """Follows the likeliest token until END or the sentence's limit: one hypothesis a sentence.

    The score is the sum of the tokens' log-probabilities under the model's own distribution. PAD
    and START are never chosen, but keep their share of it.
    """

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        begun = begin_walk(self, sentences, max_length, given, {}, 1)
        likeliest = lambda allowed, position, own: ops.argmax(allowed, axis=-1)
        return walk(self, steps, begun, likeliest, 1)
