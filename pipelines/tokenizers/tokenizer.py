"""The contract of a tokenizer: text <-> ids with graph ops only."""

import abc
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from pipelines.special_tokens import UNKNOWN


class Tokenizer(tf.Module, abc.ABC):
    """Text [B] <-> ragged ids [B, (T)]; runs in tf.data and inside a SavedModel.

    Ids 0 to 3 are PAD, START, END and UNKNOWN; `tokenize` never adds the first three,
    `detokenize` skips them. `lossless` says whether detokenize(tokenize(text)) is always text;
    where it is not, the class's docstring states what is lost.
    """

    lossless = False

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """The number of ids, special tokens included."""

    def known(self, ids: tf.Tensor) -> tf.Tensor:
        """Reads ids beyond the vocabulary as UNKNOWN: a model may have more outputs than that."""
        return tf.where((ids < 0) | (ids >= self.size), UNKNOWN, ids)

    def look_up(self, entries: tf.Tensor, ids):
        """Takes the entry of each id, dense or ragged, of any shape; entries is [size]."""
        # Gathering by a ragged tensor itself takes seconds to trace.
        return tf.ragged.map_flat_values(lambda ids: tf.gather(entries, self.known(ids)), ids)

    @abc.abstractmethod
    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Turns text [B] into ids, ragged int32 [B, (T)]."""

    @abc.abstractmethod
    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Turns ids, ragged int32 [B, (T)], into text [B], always valid UTF-8."""

    def words_of(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Splits text [B] into what each id of `tokenize` stands for, ragged strings [B, (T)].

        Raises:
            ValueError: this kind has no words that are unknown.
        """
        raise ValueError(
            f"{type(self).__name__} has no words to put in the place of unknown ones: leave "
            "generator.replace_unknown off, or train a tokenizer of the kind words"
        )

    def detokenize_with(self, ids: tf.RaggedTensor, unknown: tf.RaggedTensor) -> tf.Tensor:
        """Turns ids into text; an UNKNOWN becomes the string at its place in `unknown`, if any.

        Raises:
            ValueError: this kind has no words that are unknown.
        """
        return self.words_of(unknown)

    @abc.abstractmethod
    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        """Spells ids of any shape as strings of the same shape, to be shown to people."""

    def pieces(self) -> list[str]:
        """Lists how each id is spelt, [size]; no two alike, so vocabularies can be compared."""
        return [piece.decode() for piece in self.tokens(tf.range(self.size)).numpy()]

    def ids_of(self, symbols: Sequence[str]) -> list[int]:
        """Finds the ids of symbols, each a piece of its own.

        Raises:
            ValueError: there is no such piece.
        """
        ids = {piece: number for number, piece in enumerate(self.pieces())} if symbols else {}
        for symbol in symbols:
            if symbol not in ids:
                raise ValueError(
                    f"{type(self).__name__} has no symbol {symbol}, which the corpus's objective "
                    "needs: train the tokenizer on that corpus, without tokenizer.folder"
                )
        return [ids[symbol] for symbol in symbols]

    def merged(self, other: "Tokenizer") -> "Tokenizer":
        """Makes a tokenizer of these ids and, after them, what only `other` knows.

        Raises:
            ValueError: this kind cannot be added to, or `other` is of another kind.
        """
        raise ValueError(
            f"{type(self).__name__} is no list that tokens could be added to, as words and "
            "characters are: train one on the texts of both, and replace the old one by it"
        )

    @abc.abstractmethod
    def save(self, folder: Path) -> None:
        """Writes into `folder` (made if it is not there) all that `load` needs, as plain data."""

    @classmethod
    @abc.abstractmethod
    def load(cls, folder: Path) -> "Tokenizer":
        """Reads what `save` wrote.

        Raises:
            ValueError: a file is missing or not what `save` writes.
        """

    @classmethod
    @abc.abstractmethod
    def train(cls, texts, size: int) -> "Tokenizer":
        """Makes a tokenizer of at most `size` ids from an iterable of str, read once.

        Options of a kind are further keyword arguments. Kinds that learn nothing (bytes) ignore
        `texts`, and `size` may be left out.
        """
