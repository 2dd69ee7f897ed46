"""The contract of a corpus: pairs of texts, by split, always in the same order."""

import abc

import tensorflow as tf


class Corpus(abc.ABC):
    """Pairs of source and target text, in splits such as "train", "valid" and "test"."""

    @abc.abstractmethod
    def examples(self, split: str) -> tf.data.Dataset:
        """Returns a dataset of {"source": text, "target": text}, both scalar strings.

        The order is the same each time; nothing is shuffled.

        Raises:
            ValueError: the corpus has no such split; the message names those it has.
        """

    @abc.abstractmethod
    def splits(self) -> list[str]:
        """Names the splits that this corpus has."""

    def size(self, split: str) -> int | None:
        """Says how many examples the split has, or None where counting would mean reading it."""
        return None
