"""Pieces of small letters, and a mark for each capital."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import tensorflow as tf

from pipelines.tokenizers.subwords import Subwords, spaced, unspaced
from pipelines.tokenizers.tokenizer import Tokenizer

MARK, REPLACED = "\u21e7", "\u2191"
CHUNK = 1000


class CasedSubwords(Tokenizer):
    """Text <-> subwords of lower-cased text, where MARK says that the next letter is a capital.

    "The US" -> MARK, " the", MARK, " u", MARK, "s": a word is the same pieces whatever its case,
    which a small vocabulary, or a model that copies words and changes their case, is glad of
    (case markup of the OpenNMT Tokenizer). The round trip loses what `Subwords` loses, and two
    things more: MARK itself, U+21E7, becomes U+2191; and a letter that is not the capital of its
    small letter (a title-case digraph, the Kelvin sign, a dotted capital I) becomes that.
    """

    def __init__(self, subwords: Subwords):
        super().__init__()
        self.subwords = subwords

    @property
    def size(self) -> int:
        return self.subwords.size

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        return self.subwords.split(lowered(text))

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        return unspaced(raised(self.subwords.join(ids)))

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        return self.subwords.tokens(ids)

    def save(self, folder: Path) -> None:
        self.subwords.save(folder)

    @classmethod
    def load(cls, folder: Path) -> "CasedSubwords":
        return cls(Subwords.load(folder))

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        size: int,
        model: Literal["unigram", "bpe"] = "unigram",
        byte_fallback: bool = True,
        character_coverage: float = 0.9995,
        normalization: Literal["identity", "nfkc", "nmt_nfkc"] = "identity",
        symbols: list[str] = [],
    ) -> "CasedSubwords":
        """Trains the subwords as `Subwords.train` does, on lower-cased text with marks.

        Symbols must be in small letters, since all text is when they are looked for.

        Raises:
            ValueError: as `Subwords.train`.
        """
        subwords = Subwords.train(
            _lowered(texts),
            size,
            model=model,
            byte_fallback=byte_fallback,
            character_coverage=character_coverage,
            normalization=normalization,
            symbols=[MARK, *symbols],
        )
        return cls(subwords)


def lowered(text: tf.Tensor) -> tf.Tensor:
    """Puts a mark before the space that belongs to a word: "a Bee" -> " a", MARK, " bee"."""
    text = tf.strings.regex_replace(text, MARK, REPLACED)
    marked = tf.strings.regex_replace(spaced(text), r"( ?)([\p{Lu}\p{Lt}])", MARK + r"\1\2")
    return tf.strings.lower(marked, encoding="utf-8")


def raised(text: tf.Tensor) -> tf.Tensor:
    """Makes a capital of the letter after each mark: " a", MARK, " bee" -> " a Bee"."""
    parts = tf.strings.split(text, MARK)
    flat, size = parts.flat_values, tf.strings.length(parts.flat_values, unit="UTF8_CHAR")
    # The first part of each text follows no mark.
    followed = tf.concat([parts[:, :1] != parts[:, :1], parts[:, 1:] == parts[:, 1:]], axis=1)
    letter = tf.cast(tf.strings.regex_full_match(flat, r"(?s) .*"), tf.int32)
    part = lambda start, count: tf.strings.substr(
        flat, tf.minimum(start, size), count, unit="UTF8_CHAR"
    )
    first = part(letter, tf.ones_like(size))
    capital = part(tf.zeros_like(size), letter) + tf.strings.upper(first, encoding="utf-8")
    flat = tf.where(followed.flat_values, capital + part(letter + 1, size), flat)
    return tf.strings.reduce_join(parts.with_flat_values(flat), axis=-1)


def _lowered(texts: Iterable[str]) -> Iterator[str]:
    texts = iter(texts)
    while chunk := list(itertools.islice(texts, CHUNK)):
        for text in lowered(tf.constant(chunk)).numpy():
            # The trainer gives each text its first space.
            yield text.decode("utf-8", "replace").removeprefix(" ")
