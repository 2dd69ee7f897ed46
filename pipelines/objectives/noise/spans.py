"""Spans cut out of rows at random places, none touching another."""

from typing import NamedTuple

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.rows import closed_up, lengths, side_by_side
from pipelines.special_tokens import PAD


class Spans(NamedTuple):
    """Where spans are cut out of rows [R, T]: a gap is before each token that stays, and behind.

    opens: bool [R, T + 1], whether a span is cut out at a gap.
    number: int32 [R, T + 1], the spans at this gap or before it.
    place: int32 [R, T + 1], where the token behind the gap stands in its row.
    left: int32 [R], the tokens that stay.
    """

    opens: tf.Tensor
    number: tf.Tensor
    place: tf.Tensor
    left: tf.Tensor

    def replaced(self, rows: tf.Tensor, signs: tf.Tensor) -> tf.Tensor:
        """Puts an id of `signs` [R, T + 1] in the place of each span.

        [[5, 6, 7, 8, 9]], spans of two and of no token, which are [6, 7] and one before 9, and
        signs that are all 1 -> [[5, 1, 8, 1, 9]].
        """
        place = tf.minimum(self.place, tf.shape(rows)[1] - 1)
        stays = tf.range(tf.shape(place)[1]) < self.left[:, None]
        tokens = tf.where(stays, tf.gather(rows, place, batch_dims=1), PAD)
        return closed_up(side_by_side(tf.where(self.opens, signs, PAD), tokens))


def placed(rows: tf.Tensor, count: tf.Tensor, ends: tf.Tensor, draws: Draws) -> Spans:
    """Draws the places of `count` [R] spans in rows [R, T], all as likely.

    Args:
        ends: int32 [R, K + 1], the tokens that the first 0, 1, 2 ... K spans of a row hold.
    """
    left = lengths(rows) - tf.gather(ends, count, batch_dims=1)
    opens = draws.chosen(count, left + 1, tf.shape(rows)[1] + 1)
    number = tf.cumsum(tf.cast(opens, tf.int32), axis=1)
    place = tf.range(tf.shape(number)[1]) + tf.gather(ends, number, batch_dims=1)
    return Spans(opens, number, place, left)
