"""Finds what greedy search finds, several ids at a time."""

import dataclasses
from typing import Any, NamedTuple, Self

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.constraint import NEVER, begin, constrain
from seq2seq.decoding.search import (
    Hypotheses,
    Live,
    Search,
    Steps,
    limits,
    put,
    search_in_rounds,
)


class Line(NamedTuple):
    """One hypothesis a sentence: ids [N, T]; token, score, length, limit, done [N].

    token: the last that was said. length: how many were.
    known: what the constraints know of the sentences, nested tensors [N, ...].
    """

    ids: Any
    token: Any
    score: Any
    length: Any
    limit: Any
    done: Any
    known: Any


@dataclasses.dataclass(frozen=True)
class SpeculativeSearch(Search):
    """Says what `GreedySearch` says, at the same score: Leviathan et al. (2023), section 2.3.

    A small draft model guesses the next ids one by one, and the model itself reads all of them at
    once. Up to where the two differ first, and there too, what the model finds likeliest is said.
    So a step says from one to `ahead` ids, and costs `ahead` steps of the draft model and one of
    the model with so many positions: faster where steps cost alike however many positions they
    have, as for single sentences or large models, and the two agree often. Without a draft model
    (see `seq2seq.Drafted`), the model guesses itself, which is no use but right.

    Where constraints leave nothing to say, a hypothesis gets PAD ids at a score of -1e9.

    Args:
        ahead: how many ids are guessed at a time.

    Raises:
        ValueError: ahead < 1.
    """

    ahead: int = 4

    def __post_init__(self):
        if self.ahead < 1:
            raise ValueError(f"ahead = {self.ahead}: choose 1 or more")

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        def advance(position, live):
            line = live.carried
            guesses, before = self._guess(steps, line, live.state)
            tokens = ops.concatenate([line.token[:, None], guesses[:, :-1]], axis=1)
            logits, states = steps.read(tokens, line.length, live.state)
            token, gain = self._say(logits, line.length, before, line)
            agreed = ops.cumprod(ops.cast(token == guesses, "int32"), axis=1)
            count = ops.minimum(ops.sum(agreed, axis=1) + 1, self.ahead)
            return Live(_add(line, token, gain, count), steps.rewind(states, count))

        outcome = lambda line: (line.done, Hypotheses(line.ids[:, None], line.score[:, None]))
        live = Live(self._begin(sentences, max_length, given), steps.begin(1))
        return search_in_rounds(steps, live, advance, outcome, 1, pace=self.ahead)

    def drafted(self) -> Self:
        return self

    def _begin(self, sentences, max_length, given) -> Line:
        limit = limits(max_length, sentences)
        return Line(
            ids=ops.zeros((sentences, ops.max(limit, initial=0)), "int32"),
            token=ops.full((sentences,), START, "int32"),
            score=ops.zeros((sentences,), "float32"),
            length=ops.zeros((sentences,), "int32"),
            limit=limit,
            done=limit < 1,
            known=begin(self.constraints, given, sentences),
        )

    def _guess(self, steps: Steps, line: Line, state):
        """Guesses A ids -> (them [N, A], what was said before each [N, A, T])."""
        token, ids = line.token, line.ids
        guesses, before = [], []
        for place in range(self.ahead):
            position = line.length + place
            logits, state = steps.guess(token, position, state)
            token, _ = self._say(logits[:, None], position, ids[:, None], line)
            token = token[:, 0]
            guesses.append(token)
            before.append(ids)
            ids = put(ids, position[:, None], token)
        return ops.stack(guesses, axis=1), ops.stack(before, axis=1)

    def _say(self, logits, length, before, line: Line):
        """Chooses the likeliest ids -> (ids, their log-probabilities, [N, A] both).

        logits [N, A, V] of A positions from `length` [N] on, each after what is `before` it
        [N, A, T].
        """
        _, places, size = logits.shape
        logits = ops.reshape(ops.cast(logits, "float32"), (-1, size))
        position = ops.reshape(length[:, None] + ops.arange(places), (-1,))
        # What is guessed beyond the longest target is never said.
        position = ops.minimum(position, ops.shape(before)[2] - 1)
        allowed = constrain(self.constraints, logits, position, before, line.known)[:, END:]
        place = ops.argmax(allowed, axis=-1)[:, None]
        gain = ops.take_along_axis(allowed, place, axis=1)
        gain = ops.maximum(gain - ops.logsumexp(logits, axis=-1, keepdims=True), NEVER)
        shaped = lambda tensor: ops.reshape(tensor, (-1, places))
        return shaped(ops.cast(place, "int32") + END), shaped(gain)


def _add(line: Line, token, gain, count) -> Line:
    """Says the first `count` [N] of ids [N, A], to END or the limit, where it is not done."""
    places = ops.arange(token.shape[1])
    is_end = ops.cast(token == END, "int32")
    ended_before = ops.cumsum(is_end, axis=1) - is_end > 0
    fits = ops.logical_and(places < count[:, None], places < (line.limit - line.length)[:, None])
    said = ops.logical_and(fits, ops.logical_not(ended_before))
    said = ops.logical_and(said, ops.logical_not(line.done)[:, None])
    stuck = ops.any(ops.logical_and(said, gain <= NEVER / 2), axis=1)
    length = line.length + ops.sum(ops.cast(said, "int32"), axis=1)
    # Where each place of the target is among those that are said now.
    among = ops.arange(ops.shape(line.ids)[1]) - line.length[:, None]
    new = ops.logical_and(among >= 0, among < (length - line.length)[:, None])
    written = ops.take_along_axis(token, ops.clip(among, 0, token.shape[1] - 1), axis=1)
    ids = ops.where(stuck[:, None], 0, ops.where(new, written, line.ids))
    score = line.score + ops.sum(ops.where(said, gain, 0.0), axis=1)
    ended = ops.logical_or(ops.any(ops.logical_and(said, token == END), axis=1), stuck)
    ended = ops.logical_or(ended, length >= line.limit)
    return line._replace(
        ids=ids,
        token=ops.take_along_axis(token, count[:, None] - 1, axis=1)[:, 0],
        score=ops.where(stuck, NEVER, score),
        length=length,
        done=ops.logical_or(line.done, ended),
    )
