"""Phrases that a target has to say, and how far hypotheses are with them."""

from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import PAD


class Progress(NamedTuple):
    """How far rows are: said bool [R, C], True = the phrase was said.

    follows: bool [R, C, L], True = the ids before this one of the phrase were said last.
    """

    said: Any
    follows: Any


def progress_of(ids, position, phrases) -> Progress:
    """Looks for phrases in what was said: ids [R, T], phrases [R, C, L], PAD at their ends."""
    longest = ops.shape(phrases)[2]
    within = ops.arange(longest)
    # Windows [R, T, L] of what was said; what lies beyond is PAD, which is in no phrase.
    padded = ops.pad(ids, [[0, 0], [0, longest]])
    windows = ops.take(padded, ops.arange(ops.shape(ids)[1])[:, None] + within, axis=1)
    real = phrases != PAD
    same = ops.logical_or(windows[:, :, None] == phrases[:, None], ops.logical_not(real)[:, None])
    # A phrase of no ids is said from the beginning.
    said = ops.logical_or(ops.any(ops.all(same, axis=-1), axis=1), ops.logical_not(real[:, :, 0]))
    # For l ids of a phrase [L, L]: where each would stand, had they been said last.
    places = position - within[:, None] + within
    last = ops.take(padded, ops.clip(places, 0, ops.shape(padded)[1] - 1), axis=1)
    last = ops.where(ops.logical_and(places >= 0, places < position), last, PAD)
    begun = last[:, None] == phrases[:, :, None]
    begun = ops.logical_or(begun, within >= within[:, None])
    return Progress(said, ops.logical_and(ops.all(begun, axis=-1), real))


def next_of(progress: Progress, phrases):
    """Names the ids that go on with phrases not yet said: [R, C], PAD for the others."""
    furthest = ops.max(ops.where(progress.follows, ops.arange(ops.shape(phrases)[2]), 0), axis=-1)
    following = ops.take_along_axis(phrases, furthest[..., None], axis=-1)[..., 0]
    return ops.where(progress.said, PAD, following)


def count_said(progress: Progress, phrases, token):
    """Counts the ids of phrases that are said or begun, with token [R, E] -> int32 [R, E].

    A phrase that breaks off counts from its beginning again; one that was said stays so.
    """
    count = ops.sum(ops.cast(phrases != PAD, "int32"), axis=-1)
    length = ops.arange(ops.shape(phrases)[2]) + 1
    fits = ops.logical_and(
        phrases[:, None] == token[..., None, None], progress.follows[:, None]
    )  # [R, E, C, L]
    reached = ops.max(ops.where(fits, length, 0), axis=-1)
    reached = ops.where(progress.said[:, None], count[:, None], reached)
    return ops.sum(reached, axis=-1)
