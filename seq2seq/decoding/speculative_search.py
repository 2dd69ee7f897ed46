"""Finds what greedy search finds, several ids at a time."""

import dataclasses
from typing import Any, NamedTuple, Self

from keras import ops

from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.constraints.constraint import NEVER, begin, constrain
from seq2seq.decoding.parts.best_of import likeliest
from seq2seq.decoding.search import (
    Hypotheses,
    Live,
    Search,
    Steps,
    limits,
    put,
    search_in_rounds,
)
from seq2seq.layers.gather import gather_within


class Line(NamedTuple):
    """One hypothesis a sentence: ids [N, T + ahead]; token, score, length, limit, done [N].

    ids: those that were said, then some that were not.
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

    A draft guesses the next ids, and the model reads the last id and all of them at once. Up to
    where the two differ first, and there too, what the model finds likeliest is said. So a step
    says from one to `ahead` + 1 ids, and costs the guesses and one step of the model with so many
    positions: faster where steps cost alike however many positions they have, as for single
    sentences or large models, and the two agree often. Without a draft (see `seq2seq.Drafted`),
    the model guesses itself, which is no use but right.

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
            tokens = ops.concatenate([line.token[:, None], guesses], axis=1)
            logits, states = steps.read(tokens, line.length, live.state)
            token, gain = self._say(logits, line.length, before, line)
            count = _agreed(token, guesses, line)
            line = _add(line, token, gain, count, before[:, -1])
            return Live(line, steps.rewind(states, count))

        live = Live(self._begin(sentences, max_length, given), steps.begin(1))
        return search_in_rounds(steps, live, advance, self._outcome, 1, pace=self.ahead + 1)

    def drafted(self) -> Self:
        return self

    def _begin(self, sentences, max_length, given) -> Line:
        limit = limits(max_length, sentences)
        return Line(
            ids=ops.zeros((sentences, ops.max(limit, initial=0) + self.ahead), "int32"),
            token=ops.full((sentences,), START, "int32"),
            score=ops.zeros((sentences,), "float32"),
            length=ops.zeros((sentences,), "int32"),
            limit=limit,
            done=limit < 1,
            known=begin(self.constraints, given, sentences),
        )

    def _guess(self, steps: Steps, line: Line, state):
        """Guesses A ids -> (them [N, A], what was said before each and after [N, A + 1, T])."""
        token, guesses, before = line.token, [], [line.ids]
        for place in range(self.ahead):
            position = line.length + place
            logits, state = steps.guess(token, position, state)
            token = self._say(logits[:, None], position, before[-1][:, None], line)[0][:, 0]
            guesses.append(token)
            before.append(put(before[-1], position[:, None], token))
        return ops.stack(guesses, axis=1), ops.stack(before, axis=1)

    def _say(self, logits, length, before, line: Line):
        """Chooses the likeliest ids -> (ids, their log-probabilities, [N, P] both).

        logits [N, P, V] of P positions from `length` [N] on, each after what is `before` it
        [N, P, T].
        """
        _, places, size = logits.shape
        logits = ops.reshape(ops.cast(logits, "float32"), (-1, size))
        position = ops.reshape(length[:, None] + ops.arange(places), (-1,))
        allowed = constrain(self.constraints, logits, position, before, line.known)
        return tuple(ops.reshape(each, (-1, places)) for each in likeliest(logits, allowed))

    def _outcome(self, line: Line):
        """Gives what was said of what was written."""
        ids = line.ids[:, : -self.ahead]
        said = ops.arange(ops.shape(ids)[1]) < line.length[:, None]
        said = ops.logical_and(said, (line.score > NEVER / 2)[:, None])
        score = ops.maximum(line.score, NEVER)
        return line.done, Hypotheses(ops.where(said, ids, PAD)[:, None], score[:, None])


def _agreed(token, guesses, line: Line):
    """Counts the ids that are said, from token [N, A + 1]: to what was guessed otherwise first.

    There, too, the model has read nothing else than what is said. None follow END or the limit.
    It is 1 or more, of sentences that are done, too.
    """
    right = ops.logical_and(token[:, :-1] == guesses, guesses != END)
    agreed = ops.sum(ops.cumprod(ops.cast(right, "int32"), axis=1), axis=1) + 1
    return ops.minimum(agreed, ops.maximum(line.limit - line.length, 1))


def _add(line: Line, token, gain, count, guessed) -> Line:
    """Says the first `count` [N] of ids [N, A + 1], where it is not done.

    guessed [N, T + ahead]: what was said before, then the guesses: the first count - 1 are right.
    """
    last = gather_within(token, count[:, None] - 1)[:, 0]
    ids = put(guessed, (line.length + count)[:, None] - 1, last)
    count = ops.where(line.done, 0, count)
    said = ops.arange(token.shape[1]) < count[:, None]
    score = line.score + ops.sum(ops.where(said, gain, 0.0), axis=1)
    length = line.length + count
    ended = ops.logical_or(last == END, length >= line.limit)
    ended = ops.logical_or(ended, score <= NEVER / 2)  # nothing could be said
    return line._replace(
        ids=ids,
        token=last,
        score=score,
        length=length,
        done=ops.logical_or(line.done, ended),
    )
