"""A passage with spans missing -> the spans."""

from dataclasses import dataclass

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.noise import Noise, Vocabulary, require_share
from pipelines.objectives.noise.rows import closed_up, lengths, side_by_side
from pipelines.objectives.noise.spans import placed
from pipelines.special_tokens import PAD


@dataclass(frozen=True)
class SpanCorruption(Noise):
    """Makes passage without spans -> spans: T5, Raffel et al. (2020), sections 3.1.4 and 3.3.4.

    "Thank you for inviting me to your party last week" ->
        source "Thank you <extra_id_0> me to your party <extra_id_1> week"
        target "<extra_id_0> for inviting <extra_id_1> last <extra_id_2>"

    A passage of one or two tokens stays as it is.

    density: the share of tokens in spans, of which there is always one.
    span: the mean length of spans; all ways to divide the tokens into them are as likely.
    sentinels: ids that may stand for spans, one of them for the end.
    """

    density: float = 0.15
    span: float = 3.0
    sentinels: int = 100

    def __post_init__(self):
        require_share("density", self.density)
        if self.span < 1:
            raise ValueError(f"span is the mean length of spans, 1 or more, not {self.span}")
        if self.sentinels < 2:
            raise ValueError(f"a span and the end take 2 sentinels or more, not {self.sentinels}")

    @property
    def symbols(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(f"<extra_id_{number}>" for number in range(self.sentinels))

    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        hidden, count = self._amounts(lengths(rows))
        begins, number, ends = divided(hidden, count, draws)
        spans = placed(rows, count, ends, draws)
        sentinels = tf.constant(vocabulary.symbols, tf.int32)
        source = spans.replaced(rows, tf.gather(sentinels, tf.maximum(spans.number - 1, 0)))
        # The tokens that stay before each span are as many as the gaps before its own.
        gaps = tf.range(1, tf.shape(spans.opens)[1] + 1)
        gaps = tf.pad(closed_up(tf.where(spans.opens, gaps, 0)), [[0, 0], [0, 1]])
        step = tf.range(tf.shape(begins)[1])
        place = step + tf.gather(gaps, number, batch_dims=1) - 1
        place = tf.clip_by_value(place, 0, tf.maximum(tf.shape(rows)[1] - 1, 0))
        within = step < hidden[:, None]
        tokens = tf.where(within, tf.gather(rows, place, batch_dims=1), PAD)
        signs = tf.where(begins, tf.gather(sentinels, number), PAD)
        return source, closed_up(side_by_side(signs, tokens))

    def _amounts(self, length: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Says how many tokens are hidden, in how many spans, int32 [R]."""
        rounded = lambda number: tf.cast(number + 0.5, tf.int32)
        hidden = tf.maximum(rounded(self.density * tf.cast(length, tf.float32)), 1)
        # Two tokens at least stay, so that the target with its sentinels is no longer than all.
        hidden = tf.clip_by_value(hidden, 0, tf.maximum(length - 2, 0))
        count = tf.maximum(rounded(tf.cast(hidden, tf.float32) / self.span), 1)
        most = tf.minimum(length - 1 - hidden, self.sentinels - 1)
        return hidden, tf.maximum(tf.minimum(tf.minimum(count, hidden), most), 0)


def divided(
    hidden: tf.Tensor, count: tf.Tensor, draws: Draws
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Divides hidden tokens [R] into spans of one or more, all ways as likely.

    hidden [4], count [2] -> begins [[T, F, T, F, T]], number [[0, 0, 1, 1, 2]], ends [[0, 2, 4]],
    or with spans of 1 and 3 tokens: a span begins behind the last one too.
    """
    width = tf.maximum(tf.reduce_max(hidden), 0) + 1
    step = tf.range(width)
    cuts = draws.chosen(tf.maximum(count - 1, 0), tf.maximum(hidden - 1, 0), width)
    cuts = tf.pad(cuts, [[0, 0], [1, 0]])[:, :-1] | (step == hidden[:, None])
    number = tf.cumsum(tf.cast(cuts & (step > 0), tf.int32), axis=1)
    ends = tf.pad(closed_up(tf.where(cuts, step, 0)), [[0, 0], [1, 0]])
    within = step <= hidden[:, None]
    return (cuts | (step == 0)) & within, tf.minimum(number, count[:, None]), ends
