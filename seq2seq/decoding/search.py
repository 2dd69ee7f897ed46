"""The contract of a search: from a model's step to the best hypotheses."""

import abc
from typing import Any, Callable, NamedTuple

import keras
from keras import ops

# token [R], position (scalar), state -> logits [R, V], the next state
Step = Callable[[Any, Any, Any], tuple[Any, Any]]


class Hypotheses(NamedTuple):
    """What a search found, best first.

    ids: int32 [B, K, T], PAD after END. A hypothesis cut by `max_length` has no END.
    scores: float32 [B, K], the log-probability of the ids, after the search's own penalties.
    """

    ids: Any
    scores: Any


class Search(abc.ABC):
    """Finds likely targets. Subclasses are frozen dataclasses: the fields are the configuration."""

    @abc.abstractmethod
    def __call__(self, step: Step, state, sentences, max_length) -> Hypotheses:
        """Searches from START until END or `max_length`.

        Args:
            step: one step of the model; memory is already bound to it.
            state: the model's state at the beginning, nested tensors [B, ...].
            sentences: B, a scalar.
            max_length: the most ids a hypothesis may have, END included: a scalar, or one a
                sentence [B].
        """


def repeat_rows(rows, times: int):
    """Gives each sentence `times` rows, side by side: nested [B, ...] -> [B * times, ...]."""
    return keras.tree.map_structure(lambda tensor: ops.repeat(tensor, times, axis=0), rows)


def take_rows(rows, index):
    """Reorders all that belongs to rows: nested [R, ...], index [N] -> nested [N, ...]."""
    return keras.tree.map_structure(lambda tensor: ops.take(tensor, index, axis=0), rows)


def put(ids, position, token):
    """Writes token [R] at a position of ids [R, T]; unlike slice_update, with core ops only."""
    here = ops.equal(ops.arange(ops.shape(ids)[1]), position)
    return ops.where(here, token[:, None], ids)


def limits(max_length, sentences):
    """Gives each sentence its limit: a scalar or [B] -> int32 [B]."""
    return ops.broadcast_to(ops.cast(max_length, "int32"), (sentences,))
