"""Hypotheses that do not compete: each chooses its next id alone."""

import abc
import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
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
    def choose(self, allowed, position, own):
        """Chooses an id for each row, as its place from END on.

        allowed logits [R, V - END] of the ids from END on, position, own [R, ...] -> places [R].
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
        allowed = constrain(self.constraints, logits, position, now.ids, now.known)[:, END:]
        place = self.choose(allowed, position, keras.tree.map_structure(_as_rows, now.own))
        place = ops.cast(place, "int32")
        gain = gather_within(allowed, place[:, None])[:, 0]
        score = ops.maximum(gain - ops.logsumexp(logits, axis=-1), NEVER)
        return Live(_add(now, position, place + END, score), state)


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
    ids = ops.where(stuck[..., None], 0, put(now.ids, position, token))
    score = ops.where(stuck, NEVER, now.score + gain)
    ended = ops.logical_or(token == END, position + 1 >= now.limit[:, None])
    return now._replace(
        ids=ops.where(now.done[..., None], now.ids, ids),
        token=token,
        score=ops.where(now.done, now.score, score),
        done=ops.logical_or(now.done, ops.logical_or(ended, stuck)),
    )


def _best_first(now: Walk, hypotheses: int) -> Hypotheses:
    if hypotheses == 1:
        return Hypotheses(now.ids, now.score)
    scores, order = ops.top_k(now.score, hypotheses)
    return Hypotheses(ops.take_along_axis(now.ids, order[..., None], axis=1), scores)
