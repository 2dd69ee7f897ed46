"""Nothing -> a passage."""

from dataclasses import dataclass

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.noise import Noise, Vocabulary


@dataclass(frozen=True)
class CausalLanguageModel(Noise):
    """Makes nothing -> passage: the source is END alone, and the decoder a language model.

    "Thank you" -> source "", target "Thank you". What the encoder learns is of no use.
    """

    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return rows[:, :0], rows
