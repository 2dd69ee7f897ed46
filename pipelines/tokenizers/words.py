"""Words and punctuation marks, the most frequent ones of a corpus."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer
from pipelines.whole_files import read_list, write_whole

FILE = "words.json"
SPACE = "▁"
SPACES = rf"[\s\x{{b}}\x{{1c}}-\x{{1f}}\x{{85}}\p{{Z}}{SPACE}]+"
# A word, or one punctuation mark or symbol, with the space in front of it where there is one.
WORD = rf"{SPACE}?(?:[^{SPACE}\p{{P}}\p{{S}}]+|[\p{{P}}\p{{S}}])"
MOST_COUNTED = 4_000_000


class Words(Tokenizer):
    """Text <-> words: "Oh, no!" is "▁Oh" "," "▁no" "!", where ▁ is a space in front.

    Lost in the round trip: words that are not in the list and invalid UTF-8 become U+FFFD after
    a space, whitespace (and U+2581) becomes one space, and none at both ends of the text.
    """

    def __init__(self, words: list[str]):
        """Takes the words in the order of their ids, from the first after UNKNOWN on.

        Raises:
            ValueError: an entry is not a word, or occurs twice.
        """
        super().__init__()
        for word in words:
            if not isinstance(word, str) or not word:
                raise ValueError(f"{word!r} is not a word")
        if len(set(words)) < len(words):
            raise ValueError(f"{len(words)} words, of which some occur twice")
        self.words = list(words)
        self._names = tf.constant(["<pad>", "<s>", "</s>", "<unk>"] + self.words)
        spelling = ["", "", "", " \ufffd"] + [word.replace(SPACE, " ") for word in words]
        self._spelling = tf.constant(spelling)
        ids = tf.range(UNKNOWN + 1, self.size, dtype=tf.int64)
        entries = tf.lookup.KeyValueTensorInitializer(tf.constant(self.words, tf.string), ids)
        self._ids = tf.lookup.StaticHashTable(entries, default_value=UNKNOWN)

    @property
    def size(self) -> int:
        return UNKNOWN + 1 + len(self.words)

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        words = _split(text)
        return words.with_flat_values(tf.cast(self._ids.lookup(words.flat_values), tf.int32))

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        text = tf.strings.reduce_join(self.look_up(self._spelling, ids), axis=-1)
        return tf.strings.regex_replace(text, "^ ", "")

    def words_of(self, text: tf.Tensor) -> tf.RaggedTensor:
        return _split(text)

    def detokenize_with(self, ids: tf.RaggedTensor, unknown: tf.RaggedTensor) -> tf.Tensor:
        instead = tf.strings.regex_replace(unknown.flat_values, SPACE, " ")
        replaced = (self.known(ids.flat_values) == UNKNOWN) & (instead != "")
        own = self.look_up(self._spelling, ids.flat_values)
        words = ids.with_flat_values(tf.where(replaced, instead, own))
        return tf.strings.regex_replace(tf.strings.reduce_join(words, axis=-1), "^ ", "")

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        return self.look_up(self._names, ids)

    def merged(self, other: Tokenizer) -> "Words":
        if not isinstance(other, Words):
            raise ValueError(f"{type(other).__name__} cannot be merged into Words")
        return Words(list(dict.fromkeys(self.words + other.words)))

    def save(self, folder: Path) -> None:
        write_whole(Path(folder) / FILE, json.dumps(self.words))

    @classmethod
    def load(cls, folder: Path) -> "Words":
        path = Path(folder) / FILE
        try:
            return cls(read_list(path))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}; train the tokenizer again") from None

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> "Words":
        """Keeps the words that occur most often, at most `size` ids in all.

        Counts at most MOST_COUNTED words at a time: when there are more, the rarer half goes.

        Raises:
            ValueError: `size` has no room for a word.
        """
        if size <= UNKNOWN + 1:
            raise ValueError(f"size must be at least {UNKNOWN + 2}, got {size}")
        counts: Counter[bytes] = Counter()
        texts = iter(texts)
        while some := list(itertools.islice(texts, 1000)):
            counts.update(_split(tf.constant(some)).flat_values.numpy().tolist())
            if len(counts) > MOST_COUNTED:
                counts = Counter(dict(counts.most_common(MOST_COUNTED // 2)))
        # Equal counts are ordered by the words, so that the same texts give the same list.
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls([word.decode() for word in ranked[: size - UNKNOWN - 1]])


def _split(text: tf.Tensor) -> tf.RaggedTensor:
    """Splits text [B] into words, ragged strings [B, (T)], each with its ▁."""
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8")
    text = tf.strings.strip(tf.strings.regex_replace(text, SPACES, " "))
    text = tf.strings.regex_replace(tf.where(text == "", text, " " + text), " ", SPACE)
    return tf.strings.split(tf.strings.regex_replace(text, WORD, r"\0 "))
