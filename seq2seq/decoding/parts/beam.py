"""What a beam is made of at each step, and how it goes from one to the next."""

from typing import Any, NamedTuple

import keras
from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.search import put
from seq2seq.layers.gather import gather_within


class Beam(NamedTuple):
    """Live hypotheses: ids [N, K, T], token and score [N, K].

    coverage: [N, K, S], the sums of what they have read of the source; () where it is not asked.
    """

    ids: Any
    token: Any
    score: Any
    coverage: Any


class Candidates(NamedTuple):
    """The best continuations of each sentence, C of them, in the order in which they are kept.

    ids [N, C, T]; token, score [N, C]; parent [N, C], which of the K they continue.
    """

    ids: Any
    token: Any
    score: Any
    parent: Any


class Finished(NamedTuple):
    """The best that ended: ids [N, K, T], scores [N, K]; done [N] = nothing may enter."""

    ids: Any
    scores: Any
    done: Any


def begin_beam(sentences, limit, width: int) -> tuple[Beam, Finished]:
    """Starts one live hypothesis a sentence; the others are not there yet."""
    ids = ops.zeros((sentences, width, ops.max(limit, initial=0)), "int32")
    never = ops.full((sentences, width), NEVER, "float32")
    beam = Beam(
        ids=ids,
        token=ops.full((sentences, width), START, "int32"),
        score=ops.where(ops.arange(width) == 0, 0.0, never),
        coverage=(),
    )
    return beam, Finished(ids, never, done=limit < 1)


def scores_of(beam: Beam, gain):
    """Adds gains [N * K, E] to the scores of rows -> [N * K, E]."""
    return ops.maximum(ops.reshape(beam.score, (-1, 1)) + gain, NEVER)


def candidates(beam: Beam, position, score, place, token) -> Candidates:
    """Writes out continuations: score [N, C], place [N, C] among all in token [N * K, E]."""
    width, offers = beam.token.shape[1], ops.shape(token)[1]
    token = gather_within(ops.reshape(token, (-1, width * offers)), place)
    return continued(beam, position, score, token, place // offers)


def continued(beam: Beam, position, score, token, parent) -> Candidates:
    """Writes out continuations: score, token and which of the K they continue, each [N, C]."""
    ids = put(gather_within(beam.ids, parent), position, token)
    return Candidates(ids, token, score, parent)


def survive(beam: Beam, found: Candidates) -> tuple[Beam, Any]:
    """Keeps the first continuations that did not end -> (the next beam, their parents [N, K])."""
    width, count = beam.token.shape[1], found.token.shape[1]
    is_end = found.token == END
    _, place = ops.top_k(ops.where(is_end, -count, 0) - ops.arange(count), width)
    score = gather_within(ops.where(is_end, NEVER, found.score), place)
    ids, token, parent = (
        gather_within(each, place) for each in (found.ids, found.token, found.parent)
    )
    coverage = keras.tree.map_structure(lambda read: gather_within(read, parent), beam.coverage)
    return Beam(ids, token, score, coverage), parent


def finish(finished: Finished, found: Candidates, scores) -> Finished:
    """Lets continuations compete for the results by scores [N, C], -1e9 for those that may not."""
    scores = ops.where(finished.done[:, None], NEVER, scores)
    # Equal scores are kept in order, so nothing displaces an equal result, nor an empty place.
    scores, place = ops.top_k(
        ops.concatenate([finished.scores, scores], axis=1), finished.scores.shape[1]
    )
    ids = gather_within(ops.concatenate([finished.ids, found.ids], axis=1), place)
    return finished._replace(ids=ids, scores=scores)


def is_there(score):
    """Tells hypotheses from empty places."""
    return score > NEVER / 2
