"""The contract of a constraint: what a search may say, whatever the model finds likely."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from keras import ops

from seq2seq.layers.rows import repeat_rows

# The logit of what is forbidden, and the score of a hypothesis that is not there. Finite, so that
# no sum or product of it is a NaN.
NEVER = -1e9

# Turns texts into their ids.
Reader = Callable[[Sequence[str]], Sequence[Sequence[int]]]
# What a recipe may call a phrase: its text, or its ids.
Phrase = str | tuple[int, ...]


class Said(NamedTuple):
    """What rows have said when they choose the id at `position`, int32 [R, 1].

    ids: int32 [R, T], PAD from `position` on.
    logits: float32 [R, V], the model's own, before any constraint.
    """

    position: Any
    ids: Any
    logits: Any


class Constraint(abc.ABC):
    """Forbids ids, or makes them less likely. Subclasses are frozen dataclasses.

    A search chooses by the logits that come out of its constraints, in their order. A score is
    the log-probability of the ids under the model's own distribution, before any constraint, plus
    what constraints have added to the logits of these ids: nothing, for those that only forbid.
    Where everything is forbidden, a hypothesis ends there and is not returned.
    """

    def read(self, source: Reader, target: Reader) -> Self:
        """Returns the constraint with its texts as ids, by readers of the two sides."""
        return self

    def begin(self, given: Mapping[str, Any], sentences) -> Any:
        """Makes what is known of each sentence, nested tensors [B, ...], of what was given."""
        return {}

    @abc.abstractmethod
    def __call__(self, logits, said: Said, known):
        """Changes logits [R, V]; `known` is nested tensors [R, ...]."""


def begin(constraints: Sequence[Constraint], given: Mapping[str, Any], sentences) -> tuple:
    """Makes what the constraints know of the sentences: nested tensors [B, ...]."""
    return tuple(constraint.begin(given, sentences) for constraint in constraints)


def constrain(constraints: Sequence[Constraint], logits, position, ids, known):
    """Applies constraints in their order -> logits [R, V], the same object where there are none.

    Args:
        logits: float32 [R, V], the model's own.
        position: of the id that rows choose, a scalar or one a row [R].
        ids: int32 [N, K, T] or [N, T], what the K rows of each sentence have said.
        known: nested tensors [N, ...].
    """
    if not constraints:
        return logits
    hypotheses = ids.shape[1] if len(ids.shape) == 3 else 1
    ids = ops.reshape(ids, (-1, ops.shape(ids)[-1]))
    position = ops.broadcast_to(ops.reshape(position, (-1, 1)), (ops.shape(ids)[0], 1))
    said = Said(position, ids, logits)
    for constraint, about in zip(constraints, known, strict=True):
        logits = constraint(logits, said, repeat_rows(about, hypotheses))
    return logits


def forbid(logits, forbidden):
    """Forbids ids: forbidden bool, broadcastable to logits [R, V]."""
    return ops.where(forbidden, NEVER, logits)


def forbid_some(logits, tokens):
    """Forbids a few ids of each row: tokens int [R, N], PAD for none.

    PAD may be written over, since no search chooses it.
    """
    rows, count = ops.shape(tokens)
    row = ops.repeat(ops.arange(rows), count)
    places = ops.stack([row, ops.reshape(tokens, (-1,))], axis=1)
    return ops.scatter_update(logits, places, ops.full((rows * count,), NEVER, logits.dtype))


def given_value(given: Mapping[str, Any], name: str, asking: object):
    """Returns what was given of sentences under a name.

    Raises:
        ValueError: it was not given.
    """
    if name not in given:
        raise ValueError(
            f"{asking} needs to be given {name!r} of each sentence "
            f"(given: {', '.join(sorted(given)) or 'nothing'})"
        )
    return given[name]


def ids_of(phrases: Sequence[Phrase], read: Reader) -> tuple[Phrase, ...]:
    """Turns texts among phrases into ids.

    Raises:
        ValueError: a text has no ids.
    """
    found = []
    for phrase in phrases:
        ids = tuple(read([phrase])[0] if isinstance(phrase, str) else phrase)
        if not ids:
            raise ValueError(f"the phrase {phrase!r} has no ids: give a text that has")
        found.append(ids)
    return tuple(found)


def require_ids(phrases: Sequence[Phrase]) -> list[tuple[int, ...]]:
    """Returns phrases, all of which are ids by now.

    Raises:
        ValueError: one is a text still.
    """
    ids = [tuple(phrase) for phrase in phrases if not isinstance(phrase, str)]
    if len(ids) < len(phrases):
        text = next(phrase for phrase in phrases if isinstance(phrase, str))
        raise ValueError(f"{text!r} is no ids yet: let the search `read` texts first")
    return ids
