"""Gives the tokens of a vocabulary the vectors of words."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer
from pipelines.vectors.word_vectors import WordVectors

BATCH = 10_000  # words tokenized at a time
NONE, WORD, CASE, MEAN = range(4)  # where a token's vector is from
OPENING = "("  # stands before a word to see what that is without a space before it


class Fitted(NamedTuple):
    """Vectors [V, D] float32 of a vocabulary's tokens, and where each is from: origins [V] uint8.

    WORD: the token is that word. CASE: it is, but for capitals. MEAN: it is a piece of words, whose
    mean it has. NONE: it is a special token, or in no word; its vector is zero.
    """

    vectors: np.ndarray
    origins: np.ndarray

    def __str__(self) -> str:
        """Says in a line how many tokens have vectors, and from where."""
        words, cases, means = (int((self.origins == origin).sum()) for origin in (WORD, CASE, MEAN))
        return (
            f"{words + cases + means:,} of {len(self.origins):,} tokens have vectors: {words:,} "
            f"are words, {cases:,} are words in other capitals, {means:,} are pieces of words"
        )


def fit(vectors: WordVectors, tokenizer: Tokenizer) -> Fitted:
    """Finds vectors for tokens of any kind of tokenizer, by letting it read the words.

    With words "play" and "plays" and the pieces "▁play" and "s": ▁play has the vector of "play",
    and s, which is no word, that of "plays".
    """
    fitting = _Fitting(vectors, tokenizer)
    words = dict(enumerate(vectors.words))
    marks = {row: word for row, word in words.items() if not any(map(str.isalnum, word))}
    fitting.take(words, WORD)
    fitting.take_inner(marks)
    for change in (str.lower, str.capitalize, str.upper):
        fitting.take({row: change(word) for row, word in words.items()}, CASE)
    fitting.take_means(words)
    # Last, since "ing" at the end of words is not the word "ing".
    fitting.take_inner({row: word for row, word in words.items() if row not in marks})
    return Fitted(fitting.vectors, fitting.origins)


class _Fitting:
    """Vectors found so far; what was found first stays."""

    def __init__(self, vectors: WordVectors, tokenizer: Tokenizer):
        self._words, self._tokenizer = vectors.matrix, tokenizer
        self.vectors = np.zeros([tokenizer.size, vectors.matrix.shape[1]], np.float32)
        self.origins = np.full(tokenizer.size, NONE, np.uint8)

    def take(self, texts: dict[int, str], origin: int) -> None:
        """Gives tokens that are all of a text its word's vector; texts: by the word's row."""
        for rows, ids, lengths in self._read(texts):
            alone = lengths == 1
            self._keep(ids[np.cumsum(lengths)[alone] - 1], rows[alone], origin)

    def take_inner(self, texts: dict[int, str]) -> None:
        """Does the same with texts that have no space before them."""
        ((_, opening, _),) = self._read({0: OPENING})
        for rows, ids, lengths in self._read({row: OPENING + text for row, text in texts.items()}):
            ends = np.cumsum(lengths)
            alone = np.flatnonzero(lengths == len(opening) + 1)
            places = ends[alone, None] - 1 - np.arange(len(opening), 0, -1)
            alone = alone[(ids[places] == opening).all(axis=1)]
            self._keep(ids[ends[alone] - 1], rows[alone], WORD)

    def take_means(self, texts: dict[int, str]) -> None:
        """Gives the tokens that have no vector the mean of the words they are in."""
        sums, counts = np.zeros_like(self.vectors), np.zeros(len(self.origins), np.int64)
        for rows, ids, lengths in self._read(texts):
            np.add.at(sums, ids, self._words[np.repeat(rows, lengths)])
            np.add.at(counts, ids, 1)
        tokens = np.flatnonzero(counts)
        self._set(tokens, sums[tokens] / counts[tokens, None], MEAN)

    def _keep(self, ids: np.ndarray, rows: np.ndarray, origin: int) -> None:
        ids, first = np.unique(ids, return_index=True)
        self._set(ids, self._words[rows[first]], origin)

    def _set(self, ids: np.ndarray, vectors: np.ndarray, origin: int) -> None:
        """Sets the vectors of those ids that have none, and are no special tokens."""
        free = (ids > UNKNOWN) & (self.origins[ids] == NONE)
        self.vectors[ids[free]] = vectors[free]
        self.origins[ids[free]] = origin

    def _read(self, texts: dict[int, str]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yields rows [N] of words, the ids of their texts end to end, and the lengths [N]."""
        rows = list(texts)
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            read = self._tokenizer.tokenize(tf.constant([texts[row] for row in some]))
            yield np.array(some), read.flat_values.numpy(), read.row_lengths().numpy()
