"""Hypotheses that do not compete: each chooses its next id alone."""

from collections.abc import Callable
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


# allowed logits [R, V - END] of the ids from END on, position, own [R, ...] -> their places [R].
Choice = Callable[[Any, Any, Any], Any]


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


def walk(search: Search, steps: Steps, begun: Walk, choose: Choice, hypotheses: int) -> Hypotheses:
    """Lets hypotheses choose ids until each has said END or is at its limit.

    Where constraints leave nothing to say, a hypothesis gets PAD ids at a score of -1e9.
    """

    def advance(position, live):
        now = live.carried
        logits, state = steps(ops.reshape(now.token, (-1,)), position, live.state)
        logits = ops.cast(logits, "float32")
        allowed = constrain(search.constraints, logits, position, now.ids, now.known)[:, END:]
        place = choose(allowed, position, keras.tree.map_structure(_as_rows, now.own))
        gain = ops.take_along_axis(allowed, place[:, None], axis=1)[:, 0]
        score = ops.maximum(gain - ops.logsumexp(logits, axis=-1), NEVER)
        return Live(_add(now, position, ops.cast(place, "int32") + END, score), state)

    def outcome(now):
        return ops.all(now.done, axis=1), _best_first(now, hypotheses)

    return search_in_rounds(
        steps, Live(begun, steps.begin(hypotheses)), advance, outcome, hypotheses
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
