"""A damaged passage -> the passage."""

import math
from dataclasses import dataclass

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.noise.noise import MASK, Noise, Vocabulary, require_share
from pipelines.objectives.noise.rows import closed_up, lengths
from pipelines.objectives.noise.spans import placed
from pipelines.special_tokens import PAD
from pipelines.wikipedia.sentences import join_sentences

SENTENCE = "<sentence>"  # between sentences in records; taken out when noise is drawn


@dataclass(frozen=True)
class Denoise(Noise):
    """Makes damaged passage -> passage: BART, Lewis et al. (2020), section 2.2.

    "A b c. D e." with each kind of damage alone, word for word, <mask> written as _:
        infill   "A _ D e."        spans of tokens become one mask each (of none: a mask more)
        permute  "D e. A b c."     sentences change places
        mask     "A _ c. D _"      tokens become masks
        delete   "A c. D e."       tokens go
        rotate   "c. D e. A b"     another token begins

    The defaults are the paper's choice for its large model (section 5.1); what is done is done in
    the order permute, rotate, infill, mask, delete.

    infill: the share of tokens in spans. mask, delete: the share of tokens.
    span: the mean length of spans, drawn from a Poisson distribution.
    permute: whether the sentences of every passage are shuffled.
    rotate: the share of passages that are rotated.
    """

    infill: float = 0.3
    span: float = 3.0
    permute: bool = True
    mask: float = 0.0
    delete: float = 0.0
    rotate: float = 0.0

    def __post_init__(self):
        for name in ("infill", "mask", "delete"):
            require_share(name, getattr(self, name))
        if not 0 <= self.rotate <= 1:
            raise ValueError(f"rotate is a share of passages, 0 to 1, not {self.rotate}")
        if not 0 < self.span <= 100:
            raise ValueError(f"span is the mean length of spans, above 0, not {self.span}")

    @property
    def symbols(self) -> tuple[str, ...]:  # type: ignore[override]
        return (MASK, SENTENCE) if self.permute else (MASK,)

    def joined(self, sentences: list[str]) -> str:
        if not self.permute:
            return super().joined(sentences)
        *parts, last = sentences
        for number, part in enumerate(parts):
            parts[number] += SENTENCE + join_sentences([part, "."])[len(part) : -1]
        return "".join([*parts, last])

    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        mask, *sentence = vocabulary.symbols
        source = target = rows
        if self.permute:
            target = closed_up(tf.where(rows == sentence[0], PAD, rows))
            source = permuted(rows, sentence[0], draws)[:, : tf.shape(target)[1]]
        if self.rotate:
            source = rotated(source, self.rotate, draws)
        if self.infill:
            source = infilled(source, mask, self.infill, self.span, draws)
        if self.mask:
            source = masked(source, mask, self.mask, draws)
        if self.delete:
            source = deleted(source, self.delete, draws)
        return source, target


def permuted(rows: tf.Tensor, sentence: int, draws: Draws) -> tf.Tensor:
    """Shuffles sentences, which the id `sentence` parts: [[5, 6, 1, 7, 1, 8]] with 1 ->
    [[7, 8, 5, 6, PAD, PAD]], or another order."""
    parts = rows == sentence
    number = tf.cumsum(tf.cast(parts, tf.int32), axis=1)
    width = tf.shape(rows)[1]
    # Tokens of a sentence share its random bits; the place behind them keeps these in order.
    bits = tf.gather(draws.bits(width), number, batch_dims=1)
    ranks = tf.bitwise.right_shift(bits, tf.constant(17, tf.uint64)) * 2**16
    ranks += tf.cast(tf.range(width), tf.uint64)
    ranks = tf.cast(ranks, tf.int64)
    gone = parts | (rows == PAD)
    order = tf.argsort(tf.where(gone, tf.int64.max, ranks), axis=1, stable=True)
    return tf.gather(tf.where(gone, PAD, rows), order, batch_dims=1)


def rotated(rows: tf.Tensor, share: float, draws: Draws) -> tf.Tensor:
    """Begins a share of the rows at a token drawn from them: [[5, 6, 7]] -> [[6, 7, 5]]."""
    length = tf.maximum(lengths(rows), 1)
    drawn = draws.uniform(2)
    start = tf.cast(drawn[:, 0] * tf.cast(length, tf.float32), tf.int32) % length
    start = tf.where(drawn[:, 1] < share, start, 0)
    place = tf.range(tf.shape(rows)[1])
    length = length[:, None]
    place = tf.where(place < length, (place + start[:, None]) % length, place)
    return tf.gather(rows, place, batch_dims=1)


def infilled(rows: tf.Tensor, mask: int, share: float, span: float, draws: Draws) -> tf.Tensor:
    """Puts one mask in the place of each span: [[5, 6, 7, 8]] -> [[5, 1, 8]] with the mask 1.

    Spans are of Poisson length and hold a share of the tokens. One of no tokens is a mask more;
    there are none where the row would else become longer.
    """
    length = lengths(rows)
    chance = draws.uniform(1)[:, 0]
    wanted = tf.cast(tf.cast(length, tf.float32) * share + chance, tf.int32)
    drawn = poisson(draws.uniform(tf.maximum(tf.reduce_max(wanted), 0)), span)
    ends, count = _spans_of(drawn, wanted)
    total = tf.gather(ends, count, batch_dims=1)
    drawn = tf.where((count > total)[:, None], tf.maximum(drawn, 1), drawn)
    ends, count = _spans_of(drawn, wanted)
    count = tf.minimum(count, length - wanted + 1)  # the gaps there are
    spans = placed(rows, count, ends, draws)
    return spans.replaced(rows, tf.fill(tf.shape(spans.opens), mask))


def _spans_of(drawn: tf.Tensor, wanted: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Counts the spans [R] that hold so many tokens, and says where each of [R, K] ends."""
    ends = tf.minimum(tf.cumsum(drawn, axis=1), wanted[:, None])
    ends = tf.pad(ends, [[0, 0], [1, 0]])
    used = ends[:, :-1] < wanted[:, None]
    return ends, tf.reduce_sum(tf.cast(used, tf.int32), axis=1)


def poisson(uniform: tf.Tensor, mean: float) -> tf.Tensor:
    """Turns numbers from 0 to 1 into Poisson ones: 0.04, 0.5, 0.99 with mean 3 -> 0, 3, 8."""
    most = int(mean + 10 * math.sqrt(mean)) + 10
    chances = [math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(most)]
    below = tf.math.cumsum(tf.constant(chances, tf.float32))
    found = tf.searchsorted(below, tf.reshape(uniform, [-1]), side="right")
    return tf.reshape(found, tf.shape(uniform))


def masked(rows: tf.Tensor, mask: int, share: float, draws: Draws) -> tf.Tensor:
    """Puts masks in the place of tokens: [[5, 6, 7]] -> [[5, 1, 7]] with the mask 1."""
    hit = draws.uniform(tf.shape(rows)[1]) < share
    return tf.where(hit & (rows != PAD), mask, rows)


def deleted(rows: tf.Tensor, share: float, draws: Draws) -> tf.Tensor:
    """Takes tokens away, but not the last one there is: [[5, 6, 7]] -> [[5, 7]]."""
    stays = (draws.uniform(tf.shape(rows)[1]) >= share) & (rows != PAD)
    none = ~tf.reduce_any(stays, axis=1, keepdims=True)
    first = tf.range(tf.shape(rows)[1]) == 0
    return closed_up(tf.where(stays | none & first, rows, PAD))
