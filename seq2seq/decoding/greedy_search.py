"""Takes the likeliest token at each position."""

import dataclasses
from typing import Self

from seq2seq.decoding.parts.best_of import likeliest
from seq2seq.decoding.parts.walk import Walk, WalkingSearch, begin_walk


@dataclasses.dataclass(frozen=True)
class GreedySearch(WalkingSearch):
    """Follows the likeliest token until END or the sentence's limit: one hypothesis a sentence.

    The score is the sum of the tokens' log-probabilities under the model's own distribution. PAD
    and START are never chosen, but keep their share of it.
    """

    def begin(self, sentences, max_length, given={}) -> Walk:
        return begin_walk(self, sentences, max_length, given, {}, 1)

    def choose(self, logits, allowed, position, own):
        return likeliest(logits, allowed)

    def streaming(self) -> Self:
        return self
