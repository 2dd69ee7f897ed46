"""Characters (Unicode code points), the most frequent ones of a corpus."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer
from pipelines.whole_files import read_list, write_whole

FILE = "characters.json"


class Characters(Tokenizer):
    """Text <-> the code points of a list.

    Exact on text whose characters are all in the list; others, and invalid UTF-8, become U+FFFD.
    """

    def __init__(self, characters: list[str]):
        """Takes the characters in the order of their ids, from the first after UNKNOWN on.

        Raises:
            ValueError: an entry is not one character, or occurs twice.
        """
        super().__init__()
        for character in characters:
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(f"{character!r} is not one character")
        if len(set(characters)) < len(characters):
            raise ValueError(f"{len(characters)} characters, of which some occur twice")
        self.characters = list(characters)
        self._spelling = tf.constant(["", "", "", "\ufffd"] + self.characters)
        self._names = tf.constant(["<pad>", "<s>", "</s>", "<unk>"] + self.characters)
        # Looking up code points, as numbers, spares making a string of each character.
        points = tf.constant([ord(character) for character in characters], tf.int32)
        ids = tf.range(UNKNOWN + 1, self.size, dtype=tf.int32)
        entries = tf.lookup.KeyValueTensorInitializer(points, ids)
        self._ids = tf.lookup.StaticHashTable(entries, default_value=UNKNOWN)

    @property
    def size(self) -> int:
        return UNKNOWN + 1 + len(self.characters)

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        points = tf.strings.unicode_decode(text, "UTF-8")
        return points.with_flat_values(self._ids.lookup(points.flat_values))

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        return tf.strings.reduce_join(self.look_up(self._spelling, ids), axis=-1)

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        return self.look_up(self._names, ids)

    def merged(self, other: Tokenizer) -> "Characters":
        if not isinstance(other, Characters):
            raise ValueError(f"{type(other).__name__} cannot be merged into Characters")
        return Characters(list(dict.fromkeys(self.characters + other.characters)))

    def save(self, folder: Path) -> None:
        write_whole(Path(folder) / FILE, json.dumps(self.characters))

    @classmethod
    def load(cls, folder: Path) -> "Characters":
        path = Path(folder) / FILE
        try:
            return cls(read_list(path))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}; train the tokenizer again") from None

    @classmethod
    def train(cls, texts: Iterable[str], size: int = 1000) -> "Characters":
        """Keeps the characters that occur most often, at most `size` ids in all.

        Raises:
            ValueError: `size` has no room for a character.
        """
        if size <= UNKNOWN + 1:
            raise ValueError(f"size must be at least {UNKNOWN + 2}, got {size}")
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        # Equal counts are ordered by the characters, so that the same texts give the same list.
        ranked = sorted(counts, key=lambda character: (-counts[character], character))
        return cls(ranked[: size - UNKNOWN - 1])
