"""Hypotheses that do not compete: each chooses its next id alone."""

import abc
import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
from keras import ops

from pipelines.special_tokens import END, PAD, START
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
from seq2seq.layers.gather import gather_within


class Walk(NamedTuple):
    """Hypotheses under way: ids [N, K, T]; token, score, done [N, K]; limit [N].

    own: what the choice goes by, nested tensors [N, K, ...].
    known: what the constraints know of the sentences, nested tensors [N, ...].
    """

    ids: Any
    token: Any
    score: Any
    done: Any
    limit: Any
    own: Any
    known: Any


@dataclasses.dataclass(frozen=True)
class WalkingSearch(Search):
    """A search whose hypotheses do not compete, so that what was said stays said.

    Where constraints leave nothing to say, a hypothesis gets PAD ids at a score of -1e9.
    """

    @abc.abstractmethod
    def begin(self, sentences, max_length, given: Mapping[str, Any] = {}) -> Walk:
        """Stands the hypotheses of each sentence at START: as `__call__` is given them."""

    @abc.abstractmethod
    def choose(self, logits, allowed, position, own) -> tuple[Any, Any]:
        """Chooses an id for each row, neither PAD nor START.

        logits [R, V] are the model's own, `allowed` those that constraints have left of them, own
        [R, ...] -> ids [R], their log-probabilities [R], not below -1e9.
        """

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        begun = self.begin(sentences, max_length, given)
        hypotheses = begun.token.shape[1]
        live = Live(begun, steps.begin(hypotheses))
        advance = functools.partial(self.advance, steps)
        outcome = lambda now: (ops.all(now.done, axis=1), _best_first(now, hypotheses))
        return search_in_rounds(steps, live, advance, outcome, hypotheses)

    def advance(self, steps: Steps, position, live: Live) -> Live:
        """Adds an id to each hypothesis that is not done: `live` carries a `Walk`."""
        now = live.carried
        logits, state = steps(ops.reshape(now.token, (-1,)), position, live.state)
        logits = ops.cast(logits, "float32")
        allowed = constrain(self.constraints, logits, position, now.ids, now.known)
        own = keras.tree.map_structure(_as_rows, now.own)
        token, gain = self.choose(logits, allowed, position, own)
        return Live(_add(now, position, token, gain), state)


def begin_walk(search: Search, sentences, max_length, given, own, hypotheses: int) -> Walk:
    """Stands K hypotheses of each sentence at START; `own` is nested tensors [B, K, ...]."""
    limit = limits(max_length, sentences)
    each = (sentences, hypotheses)
    return Walk(
        ids=ops.zeros((*each, ops.max(limit, initial=0)), "int32"),
        token=ops.full(each, START, "int32"),
        score=ops.zeros(each, "float32"),
        done=ops.broadcast_to(limit[:, None] < 1, each),
        limit=limit,
        own=own,
        known=begin(search.constraints, given, sentences),
    )


def _as_rows(tensor):
    return ops.reshape(tensor, (-1, *ops.shape(tensor)[2:]))


def _add(now: Walk, position, token, gain) -> Walk:
    """Adds the ids that were chosen, token and gain [R], to those that are not done."""
    each = ops.shape(now.token)
    token, gain = ops.reshape(token, each), ops.reshape(gain, each)
    stuck = gain <= NEVER / 2
    score = ops.where(stuck, NEVER, now.score + gain)
    ended = ops.logical_or(token == END, position + 1 >= now.limit[:, None])
    idle = ops.logical_or(now.done, stuck)
    return now._replace(
        ids=put(now.ids, position, ops.where(idle, PAD, token)),
        token=token,
        score=ops.where(now.done, now.score, score),
        done=ops.logical_or(idle, ended),
    )


def _best_first(now: Walk, hypotheses: int) -> Hypotheses:
    ids = ops.where((now.score > NEVER / 2)[..., None], now.ids, PAD)
    if hypotheses == 1:
        return Hypotheses(ids, now.score)
    scores, order = ops.top_k(now.score, hypotheses)
    return Hypotheses(gather_within(ids, order), scores)
