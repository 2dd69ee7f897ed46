"""The contract of a corpus: pairs of texts, by split, always in the same order."""

import abc
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import tensorflow as tf

Pair = tuple[str, str]


class Corpus(abc.ABC):
    """Pairs of source and target text, in splits such as "train", "valid" and "test"."""

    @abc.abstractmethod
    def pairs(self, split: str) -> Iterator[Pair]:
        """Yields (source, target) in the same order each time; nothing is shuffled.

        A source may be the mark of a noise, which then makes both sides of the target's ids when
        batches are made; see `Noise`, and `noised_pairs` for what that looks like.

        Raises:
            ValueError: the corpus has no such split (the message names those it has), or an
                example is faulty (the message names file and line).
        """

    @abc.abstractmethod
    def splits(self) -> list[str]:
        """Names the splits that this corpus has."""

    @cached_property
    def dropped(self) -> Counter[str]:
        """Counts by reason what the latest read of a split left out; empty where nothing is."""
        return Counter()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names the pieces that a tokenizer must have for what is made of the pairs' ids."""
        return ()

    def examples(self, split: str) -> tf.data.Dataset:
        """Returns the pairs as a dataset of {"source": text, "target": text}, scalar strings."""
        text = tf.TensorSpec([], tf.string)
        return tf.data.Dataset.from_generator(
            lambda: ({"source": source, "target": target} for source, target in self.pairs(split)),
            output_signature={"source": text, "target": text},
        )

    def size(self, split: str) -> int | None:
        """Says how many examples the split has, or None where counting would mean reading it."""
        return None
