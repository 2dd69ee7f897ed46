"""Chooses likely tokens that are unlike what was said."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.constraint import NEVER, begin, constrain
from seq2seq.decoding.parts.beam import is_there
from seq2seq.decoding.parts.best_of import gains
from seq2seq.decoding.search import (
    Hypotheses,
    Live,
    Search,
    Steps,
    limits,
    put,
    search_in_rounds,
)


class Path(NamedTuple):
    """One hypothesis a sentence, and what it may say next.

    ids [N, T]; score, limit, done [N]; vectors: [N, 1 + T, M] of length 1, START's first.
    token, gain: [N, C], what may be said next, and its log-probabilities.
    known: what the constraints know of the sentences, nested tensors [N, ...].
    """

    ids: Any
    score: Any
    limit: Any
    done: Any
    vectors: Any
    token: Any
    gain: Any
    known: Any


@dataclasses.dataclass(frozen=True)
class ContrastiveSearch(Search):
    """Says what is both likely and new: Su et al. (2022), section 3.2, one hypothesis a sentence.

    Of the likeliest candidates v, it says the one with the most of

        (1 - degeneration) * probability(v) - degeneration * similarity(v)

    where the similarity is the largest cosine of the model's vector after v with those after what
    was said before. So each candidate is tried, and a step costs as in a beam of so many; positions
    go one beyond the longest target. The score is the log-probability of the ids under the model's
    own distribution. Steps have to show vectors.

    Args:
        candidates: of how many tokens the best is chosen.
        degeneration: 0 is greedy search; the paper had 0.6 for open-ended text.

    Raises:
        ValueError: candidates < 1, or degeneration is no share.
    """

    candidates: int = 4
    degeneration: float = 0.6

    def __post_init__(self):
        if self.candidates < 1:
            raise ValueError(f"candidates = {self.candidates}: choose 1 or more")
        if not 0 <= self.degeneration <= 1:
            raise ValueError(f"degeneration = {self.degeneration}: choose from 0 (greedy) to 1")

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        def advance(position, live):
            path = live.carried
            # What is said at `position` is read at the next.
            token = ops.reshape(path.token, (-1,))
            logits, shown, state = steps.look(token, position + 1, live.state)
            vectors = self._vectors(shown)
            chosen = self._choose(path, vectors, position)
            path = _say(path, chosen, vectors, position)
            row = ops.arange(ops.shape(chosen)[0]) * self.candidates + chosen
            logits = ops.cast(ops.take(logits, row, axis=0), "float32")
            parent = ops.repeat(row, self.candidates)
            return Live(self._offer(path, logits, position + 1), steps.follow(state, parent))

        outcome = lambda path: (path.done, Hypotheses(path.ids[:, None], path.score[:, None]))
        live = self._begin(steps, sentences, max_length, given)
        return search_in_rounds(steps, live, advance, outcome, self.candidates)

    def _begin(self, steps: Steps, sentences, max_length, given) -> Live:
        """Reads START."""
        limit = limits(max_length, sentences)
        rows = sentences * self.candidates
        state = steps.pack(
            steps.begin(self.candidates), ops.arange(sentences), self.candidates, room=1
        )
        logits, shown, state = steps.look(ops.full((rows,), START, "int32"), 0, state)
        first = self._vectors(shown)[:, :1]
        length = ops.max(limit, initial=0)
        empty = ops.zeros((sentences, length, first.shape[2]), "float32")
        path = Path(
            ids=ops.zeros((sentences, length), "int32"),
            score=ops.zeros((sentences,), "float32"),
            limit=limit,
            done=limit < 1,
            vectors=ops.concatenate([first, empty], axis=1),
            token=None,
            gain=None,
            known=begin(self.constraints, given, sentences),
        )
        logits = ops.cast(logits, "float32")
        logits = ops.take(logits, ops.arange(sentences) * self.candidates, axis=0)
        return Live(self._offer(path, logits, 0), state)

    def _vectors(self, shown):
        """Gives what was shown of rows the length 1: [N * C, M] -> [N, C, M]."""
        vectors = ops.cast(shown["vectors"], "float32")
        size = vectors.shape[1]
        lengths = ops.sqrt(ops.sum(ops.square(vectors), axis=1, keepdims=True))
        return ops.reshape(vectors / ops.maximum(lengths, 1e-9), (-1, self.candidates, size))

    def _offer(self, path: Path, logits, position) -> Path:
        """Finds the likeliest that may be said at a position: logits [N, V]."""
        allowed = constrain(self.constraints, logits, position, path.ids, path.known)
        gain, token = gains(logits, allowed, min(self.candidates + END, logits.shape[-1]))
        gain, index = ops.top_k(gain, self.candidates)
        return path._replace(token=ops.take_along_axis(token, index, axis=1), gain=gain)

    def _choose(self, path: Path, vectors, position):
        """Chooses among the candidates by their vectors [N, C, M] -> their places [N]."""
        cosines = ops.einsum("ncm,ntm->nct", vectors, path.vectors)
        before = ops.arange(ops.shape(cosines)[2]) <= position
        similarity = ops.max(ops.where(before, cosines, -1.0), axis=-1)
        worth = (1 - self.degeneration) * ops.exp(path.gain) - self.degeneration * similarity
        return ops.argmax(ops.where(is_there(path.gain), worth, NEVER), axis=-1)


def _say(path: Path, chosen, vectors, position) -> Path:
    """Adds the chosen candidates [N] to the hypotheses that are not done."""
    of_chosen = lambda tensor: ops.take_along_axis(tensor, chosen[:, None], axis=1)[:, 0]
    token, gain = of_chosen(path.token), of_chosen(path.gain)
    vector = ops.take_along_axis(vectors, chosen[:, None, None], axis=1)
    here = ops.arange(ops.shape(path.vectors)[1]) == position + 1
    stuck = ops.logical_not(is_there(gain))
    ids = ops.where(stuck[:, None], 0, put(path.ids, position, token))
    score = ops.where(stuck, NEVER, path.score + gain)
    ended = ops.logical_or(token == END, position + 1 >= path.limit)
    return path._replace(
        ids=ops.where(path.done[:, None], path.ids, ids),
        score=ops.where(path.done, path.score, score),
        done=ops.logical_or(path.done, ops.logical_or(ended, stuck)),
        vectors=ops.where(here[:, None], vector, path.vectors),
    )
