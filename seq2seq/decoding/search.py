"""The contract of a search: from a model's step to the best hypotheses."""

import abc
from typing import Any, Callable, NamedTuple

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
