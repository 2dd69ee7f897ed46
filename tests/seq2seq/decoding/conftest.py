"""Models without a network, whose distributions are small enough to search by hand."""

import itertools

import numpy as np
import pytest
from keras import ops

from pipelines.special_tokens import END, PAD, START

PLACES = 997


class PrefixModel:
    """Draws the logits at random from the whole prefix: the state is a hash of it, [R].

    Each sentence has a hash of its own to begin with, so a batch holds many random models.
    """

    def __init__(self, vocabulary: int = 6, seed: int = 0, spread: float = 2.0):
        draw = np.random.default_rng(seed)
        self.logits = draw.normal(scale=spread, size=(PLACES, vocabulary)).astype("float32")
        self.calls = 0

    def begin(self, sentences: int, first: int = 0):
        return {"hash": ops.arange(first, first + sentences, dtype="int32")}

    def step(self, token, position, state):
        self.calls += 1
        place = (state["hash"] * 31 + token * 7 + 3) % PLACES
        return ops.take(ops.convert_to_tensor(self.logits), place, axis=0), {"hash": place}

    def log_probability(self, ids, first: int) -> float:
        """Adds up the log-probabilities of a sentence's ids; PAD ends them."""
        total, place, token = 0.0, first, START
        for following in ids:
            if following == PAD:
                break
            place = (place * 31 + token * 7 + 3) % PLACES
            logits = self.logits[place].astype("float64")
            total += logits[following] - np.log(np.exp(logits).sum())
            token = int(following)
        return total

    def all_targets(self, limit: int):
        """Yields every target of at most `limit` ids: those that END, and those cut there."""
        words = range(END + 1, self.logits.shape[1])
        for length in range(limit):
            for ids in itertools.product(words, repeat=length):
                yield (*ids, END)
        yield from itertools.product(words, repeat=limit)

    def ranking(self, first: int, limit: int, penalty: float):
        """Lists (score, ids) of all targets, best first."""
        scored = [
            (self.log_probability(ids, first) / ((5 + len(ids)) / 6) ** penalty, ids)
            for ids in self.all_targets(limit)
        ]
        return sorted(scored, reverse=True)


class SpellingModel:
    """Spells a word [T], whatever it is asked; a step has the position as its only state."""

    def __init__(self, word, vocabulary: int = 10):
        self.word = ops.convert_to_tensor([*word, END])
        self.vocabulary = vocabulary

    def step(self, token, position, state):
        wanted = ops.take(self.word, ops.minimum(position, ops.shape(self.word)[0] - 1))
        row = ops.one_hot(wanted, self.vocabulary) * 20.0
        return ops.broadcast_to(row, (ops.shape(token)[0], self.vocabulary)), state


@pytest.fixture
def prefix_model():
    return PrefixModel


@pytest.fixture
def spelling_model():
    return SpellingModel


@pytest.fixture
def written():
    """Cuts PAD off ids: [5, 2, 0] -> (5, 2)."""
    return lambda ids: tuple(int(token) for token in np.trim_zeros(np.asarray(ids), "b"))
