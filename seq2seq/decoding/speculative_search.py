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
            guess = lambda logits, guessed: self._guess(logits, guessed, line)
            guesses = steps.guesses(line.token, line.length, live.state, self.ahead, guess)
            tokens = ops.concatenate([line.token[:, None], guesses], axis=1)
            logits, states = steps.read(tokens, line.length, live.state)
            token, gain = self._say(logits, guesses, line)
            count = _agreed(token, guesses, line)
            return Live(_add(line, token, gain, count), steps.rewind(states, count))

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

    def _guess(self, logits, guessed: list, line: Line):
        """Chooses an id of each row, as the model's own are chosen."""
        logits = ops.cast(logits, "float32")
        before, position = _before(line, guessed)[-1], line.length + len(guessed)
        allowed = constrain(self.constraints, logits, position, before[:, None], line.known)
        return likeliest(logits, allowed)[0]

    def _say(self, logits, guesses, line: Line):
        """Chooses what follows the last token and each guess: ids, log-probabilities [N, A + 1]."""
        places = guesses.shape[1] + 1
        logits = ops.reshape(ops.cast(logits, "float32"), (-1, logits.shape[-1]))
        position = ops.reshape(line.length[:, None] + ops.arange(places), (-1,))
        before = ops.stack(_before(line, ops.unstack(guesses, axis=1)), axis=1)
        allowed = constrain(self.constraints, logits, position, before, line.known)
        chosen = likeliest(logits, allowed)
        return tuple(ops.reshape(each, (-1, places)) for each in chosen)

    def _outcome(self, line: Line):
        """Gives what was said of what was written."""
        ids = line.ids[:, : -self.ahead]
        said = ops.arange(ops.shape(ids)[1]) < line.length[:, None]
        said = ops.logical_and(said, (line.score > NEVER / 2)[:, None])
        score = ops.maximum(line.score, NEVER)
        return line.done, Hypotheses(ops.where(said, ids, PAD)[:, None], score[:, None])


def _before(line: Line, guesses: list) -> list:
    """Writes down what was said before each of some guesses, each [N], and after the last."""
    before = [line.ids]
    for place, guess in enumerate(guesses):
        before.append(put(before[-1], line.length[:, None] + place, guess))
    return before


def _agreed(token, guesses, line: Line):
    """Counts the ids that are said, from token [N, A + 1]: to what was guessed otherwise first.

    There, too, the model has read nothing else than what is said. None follow END or the limit.
    It is 1 or more, of sentences that are done, too.
    """
    right = ops.logical_and(token[:, :-1] == guesses, guesses != END)
    agreed = ops.sum(ops.cumprod(ops.cast(right, "int32"), axis=1), axis=1) + 1
    return ops.minimum(agreed, ops.maximum(line.limit - line.length, 1))


def _add(line: Line, token, gain, count) -> Line:
    """Says the first `count` [N] of ids [N, A + 1]; what is written after them is not said."""
    last = gather_within(token, count[:, None] - 1)[:, 0]
    count = ops.where(line.done, 0, count)
    places = ops.arange(token.shape[1])
    gained = ops.sum(ops.where(places < count[:, None], gain, 0.0), axis=1)
    among = ops.arange(ops.shape(line.ids)[1]) - line.length[:, None]
    new = ops.logical_and(among >= 0, among < token.shape[1])
    written = gather_within(token, ops.clip(among, 0, token.shape[1] - 1))
    score, length = line.score + gained, line.length + count
    ended = ops.logical_or(last == END, length >= line.limit)
    ended = ops.logical_or(ended, score <= NEVER / 2)  # nothing could be said
    return line._replace(
        ids=ops.where(new, written, line.ids),
        token=last,
        score=score,
        length=length,
        done=ops.logical_or(line.done, ended),
    )
