"""A passage with single tokens masked -> the passage."""

from dataclasses import dataclass

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.noise import MASK, Noise, Vocabulary, require_share
from pipelines.special_tokens import PAD, UNKNOWN


@dataclass(frozen=True)
class MaskedLanguageModel(Noise):
    """Makes passage with masks -> passage: BERT's noise, Devlin et al. (2019), section 3.1, with
    the whole passage as the target, as in Raffel et al. (2020), section 3.3.1.

    "Thank you for inviting me" -> source "Thank <mask> for apple me", where a token drawn at random
    stands for one; target "Thank you for inviting me".

    density: the share of tokens that are chosen.
    random: the share of the chosen that become a token drawn from the vocabulary.
    unchanged: the share of the chosen that stay; all others become masks.
    """

    symbols = (MASK,)
    density: float = 0.15
    random: float = 0.1
    unchanged: float = 0.1

    def __post_init__(self):
        require_share("density", self.density)
        if min(self.random, self.unchanged) < 0 or self.random + self.unchanged > 1:
            raise ValueError(
                "random and unchanged are shares of the chosen tokens, 0 or more and at most 1 "
                f"together, not {self.random} and {self.unchanged}"
            )

    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        width = tf.shape(rows)[1]
        (mask,) = vocabulary.symbols
        chosen = (draws.uniform(width) < self.density) & (rows != PAD)
        fate = draws.uniform(width)
        source = tf.where(chosen & (fate >= self.random + self.unchanged), mask, rows)
        if self.random:
            first = max(UNKNOWN, mask) + 1  # SentencePiece has its symbols before all else
            span = vocabulary.size - first
            drawn = first + tf.cast(draws.uniform(width) * span, tf.int32)
            source = tf.where(chosen & (fate < self.random), drawn, source)
        return source, rows
