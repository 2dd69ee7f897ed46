"""Noise in rows of ids: which rows it is for, and what becomes of them.

A row whose source is to be made of its target has, in records, START (which no text has), the
number of its noise, and what is to stand before the noised ids: [START, 1, 7, 8].
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws, keys
from pipelines.objectives.noise.noise import Noise, Vocabulary, read_mark, split_mark
from pipelines.objectives.noise.rows import closed_up, lengths
from pipelines.objectives.objective import Pair
from pipelines.special_tokens import PAD, START

FIRST = 2  # ids of a marked source that are no text
FIXED = -1  # an epoch for noise that no epoch changes
CHUNK = 256


class Noising:
    """Draws noise for marked rows; all others stay as they are.

    What becomes of a row depends on its ids, seed and epoch, not on the rows beside it.
    """

    def __init__(self, noises: Sequence[tuple[Noise, Vocabulary]]):
        """Takes the noises in the order of their numbers, from 1 on."""
        self.noises = list(noises)

    def __call__(self, rows: dict[str, tf.Tensor], seed: int, epoch) -> dict[str, tf.Tensor]:
        """Turns {"source": [R, S], "target": [R, T]}, PAD behind, into the same after noise."""
        if not self.noises:
            return rows
        number = self._numbers(rows["source"])
        places, sources, targets = [], [], []
        for each in range(len(self.noises) + 1):
            place = tf.where(number == each)[:, 0]
            source, target = (tf.gather(rows[side], place) for side in ("source", "target"))
            if each:
                source, target = self._noised(each, source, target, seed, epoch)
            places.append(place)
            sources.append(source)
            targets.append(target)
        order = tf.math.invert_permutation(tf.concat(places, axis=0))
        return {"source": _joined(sources, order), "target": _joined(targets, order)}

    def lengths(self, source: tf.Tensor, target: tf.Tensor, marks: tf.Tensor) -> tf.Tensor:
        """Says the most ids that sources [N] can have: a noised one its prefix and its target.

        Args:
            marks: the first id of each source, int32 [N].
        """
        return tf.where(marks == START, source - FIRST + target, source)

    def _numbers(self, source: tf.Tensor) -> tf.Tensor:
        """Says the number of each row's noise [R], 0 where it has none."""
        begin = tf.pad(source, [[0, 0], [0, FIRST]])[:, :FIRST]
        return tf.where(begin[:, 0] == START, begin[:, 1], 0)

    def _noised(self, number: int, source, target, seed: int, epoch):
        noise, vocabulary = self.noises[number - 1]
        drawn = Draws(keys(target, seed, epoch if noise.fresh else FIXED))
        prefix = source[:, FIRST:]
        source, target = noise.noised(target, vocabulary, drawn)
        return closed_up(tf.concat([prefix, source], axis=1)), target


def _joined(parts: list[tf.Tensor], order: tf.Tensor) -> tf.Tensor:
    """Makes one of rows of several widths: [[5, 6, PAD]], [[7]], order [1, 0] -> [[7, PAD],
    [5, 6]]."""
    width = tf.reduce_max([tf.shape(part)[1] for part in parts])
    wide = [tf.pad(part, [[0, 0], [0, width - tf.shape(part)[1]]]) for part in parts]
    longest = tf.maximum(tf.reduce_max([tf.reduce_max(lengths(part)) for part in parts]), 0)
    return tf.gather(tf.concat(wide, axis=0)[:, :longest], order)


class MarkedNoises:
    """Numbers the noises of pairs in the order in which their marks are met."""

    def __init__(self, tokenizers):
        self._tokenizers = tokenizers
        self._numbers: dict[str, int] = {}
        self.noises: list[tuple[Noise, Vocabulary]] = []

    def begin(self, mark: str) -> list[int]:
        """Says how a marked source begins in records: [START, number].

        Raises:
            ValueError: the tokenizers cannot be used with this noise.
        """
        if mark not in self._numbers:
            noise = read_mark(mark)
            self.noises.append((noise, vocabulary_for(noise, self._tokenizers)))
            self._numbers[mark] = len(self.noises)
        return [START, self._numbers[mark]]

    def told(self) -> list[dict]:
        """Returns plain data that `read_noising` reads."""
        return [{"mark": noise.mark} | bound._asdict() for noise, bound in self.noises]


def read_noising(told: list[dict]) -> Noising:
    """Makes the noising that `MarkedNoises.told` described."""
    return Noising(
        [(read_mark(each["mark"]), Vocabulary(each["symbols"], each["size"])) for each in told]
    )


def vocabulary_for(noise: Noise, tokenizers) -> Vocabulary:
    """Finds what a noise needs of the tokenizers `source` and `target`.

    Raises:
        ValueError: they differ, though noise makes source ids of target ids, or lack a symbol.
    """
    if tokenizers.source is not tokenizers.target:
        raise ValueError("noise makes sources of targets: it needs a tokenizer with shared = true")
    return Vocabulary(tokenizers.target.ids_of(noise.symbols), tokenizers.target.size)


def noised_pairs(pairs: Iterable[Pair], tokenizers, seed: int = 0) -> Iterator[Pair]:
    """Yields pairs as a model is to read and write them, in text.

    A marked pair (see `Noise`) becomes what is drawn for it with the seed and no epoch, as in
    validation: ("\\0...", "Thank you for it") -> ("Thank<mask> it", "Thank you for it"). All
    others stay as they are.
    """
    pairs, marked = iter(pairs), MarkedNoises(tokenizers)
    while chunk := list(itertools.islice(pairs, CHUNK)):
        places = [place for place, (source, _) in enumerate(chunk) if split_mark(source)[1]]
        if places:
            noised = _noised_texts([chunk[place] for place in places], tokenizers, marked, seed)
            for place, pair in zip(places, noised, strict=True):
                chunk[place] = pair
        yield from chunk


def _noised_texts(pairs: list[Pair], tokenizers, marked: MarkedNoises, seed: int) -> list[Pair]:
    """Noises pairs that are marked."""
    prefixes, marks = zip(*(split_mark(source) for source, _ in pairs))
    begins = tf.RaggedTensor.from_tensor([marked.begin(mark) for mark in marks])
    tokenizer = tokenizers.target
    rows = {
        "source": tf.concat([begins, tokenizer.tokenize(tf.constant(prefixes))], axis=1),
        "target": tokenizer.tokenize(tf.constant([target for _, target in pairs])),
    }
    rows = {side: ids.to_tensor() for side, ids in rows.items()}
    rows = Noising(marked.noises)(rows, seed, FIXED)
    spell = lambda ids: tokenizer.detokenize(tf.RaggedTensor.from_tensor(ids, padding=PAD)).numpy()
    sides = (spell(rows[side]) for side in ("source", "target"))
    return [(source.decode(), target.decode()) for source, target in zip(*sides)]
