"""What a beam is made of at each step, and how it goes from one to the next."""

from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.parts.best_of import best_of, rows_within
from seq2seq.decoding.search import put
from seq2seq.layers.gather import gather


class Beam(NamedTuple):
    """Live hypotheses: ids [N, K, T], token and score [N, K].

    coverage: [N, K, S], the sums of what they have read of the source; S = 0 where it is not asked.
    """

    ids: Any
    token: Any
    score: Any
    coverage: Any


class Candidates(NamedTuple):
    """The best continuations of each sentence, C of them, in the order in which they are kept.

    ids [N, C, T]; token, score [N, C]; parent [N, C], a row of the N * K in the model's state.
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
        coverage=ops.zeros((sentences, width, 0), "float32"),
    )
    return beam, Finished(ids, never, done=limit < 1)


def gains(logits, allowed, count: int):
    """Finds the `count` best continuations of each row -> log-probabilities, tokens [R, count].

    logits [R, V] are the model's own, `allowed` those that constraints have left of them. The
    best of each row come first, with room for PAD and START, which are never there, so that
    nothing else is computed over the vocabulary than the softmax's sum.
    """
    gain, token = best_of(allowed, count)
    peak = gain[:, :1] if allowed is logits else ops.max(logits, axis=-1, keepdims=True)
    total = ops.sum(ops.exp(logits - peak), axis=-1, keepdims=True)
    gain = ops.maximum(gain - peak - ops.log(total), NEVER)
    return ops.where(token < END, NEVER, gain), ops.cast(token, "int32")


def continue_beam(beam: Beam, gain, token, position, count: int) -> Candidates:
    """Finds the `count` best of what its rows may say next, gain and token [N * K, E]."""
    places = beam.token.shape[1] * gain.shape[1]
    score = ops.reshape(scores_of(beam, gain), (-1, places))
    score, index = ops.top_k(score, count)
    return candidates(beam, position, score, rows_within(index, places), token)


def scores_of(beam: Beam, gain):
    """Adds gains [N * K, E] to the scores of rows -> [N * K, E]."""
    return ops.maximum(ops.reshape(beam.score, (-1, 1)) + gain, NEVER)


def candidates(beam: Beam, position, score, places, token) -> Candidates:
    """Writes out continuations: score and places [N, C], of all in token [N * K, E]."""
    parent = places // ops.shape(token)[1]
    token = gather(ops.reshape(token, (-1,)), places)
    ids = ops.reshape(beam.ids, (-1, ops.shape(beam.ids)[2]))
    ids = put(gather(ids, parent), position, token)
    return Candidates(ids, token, score, parent)


def survive(beam: Beam, found: Candidates) -> tuple[Beam, Any]:
    """Keeps the first continuations that did not end -> (the next beam, their parents [N * K])."""
    width, count = beam.token.shape[1], found.token.shape[1]
    is_end = found.token == END
    _, index = ops.top_k(ops.where(is_end, -count, 0) - ops.arange(count), width)
    place = rows_within(index, count)
    take = lambda tensor: gather(ops.reshape(tensor, (-1,)), place)
    score = take(ops.where(is_end, NEVER, found.score))
    ids = gather(ops.reshape(found.ids, (-1, ops.shape(found.ids)[2])), place)
    parent = take(found.parent)
    size = ops.shape(beam.coverage)[2]
    coverage = gather(ops.reshape(beam.coverage, (-1, size)), parent)
    return Beam(ids, take(found.token), score, coverage), ops.reshape(parent, (-1,))


def finish(finished: Finished, found: Candidates, scores) -> Finished:
    """Lets continuations compete for the results by scores [N, C], -1e9 for those that may not."""
    width = finished.scores.shape[1]
    count = width + found.token.shape[1]
    scores = ops.where(finished.done[:, None], NEVER, scores)
    # Equal scores are kept in order, so nothing displaces an equal result, nor an empty place.
    scores, index = ops.top_k(ops.concatenate([finished.scores, scores], axis=1), width)
    ids = ops.concatenate([finished.ids, found.ids], axis=1)
    ids = ops.reshape(ids, (-1, ops.shape(found.ids)[2]))
    ids = gather(ids, rows_within(index, count))
    return finished._replace(ids=ids, scores=scores)


def is_there(score):
    """Tells hypotheses from empty places."""
    return score > NEVER / 2
