"""The beginning of a passage -> its rest."""

from dataclasses import dataclass

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.noise import Noise, Vocabulary
from pipelines.objectives.noise.rows import closed_up, lengths
from pipelines.special_tokens import PAD


@dataclass(frozen=True)
class PrefixLanguageModel(Noise):
    """Makes beginning -> rest, parted anywhere: Raffel et al. (2020), section 3.3.1.

    "Thank you for inviting me" -> source "Thank you", target "for inviting me". Both sides have a
    token; where there is but one, it is the target's.
    """

    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        length = lengths(rows)
        ways = tf.maximum(length - 1, 0)
        drawn = tf.cast(draws.uniform(1)[:, 0] * tf.cast(ways, tf.float32), tf.int32)
        first = tf.minimum(drawn + 1, ways)[:, None]
        place = tf.range(tf.shape(rows)[1])
        begins = tf.where(place < first, rows, PAD)
        return closed_up(begins), closed_up(tf.where(place < first, PAD, rows))
