"""Words and phrases that are never said."""

import dataclasses
from typing import Self

import numpy as np
from keras import ops

from pipelines.special_tokens import PAD
from seq2seq.decoding.constraints.constraint import (
    Constraint,
    Phrase,
    Reader,
    Said,
    forbid,
    forbid_some,
    ids_of,
    require_ids,
)

ANY = -1  # what stands before a phrase that is shorter than the longest


@dataclasses.dataclass(frozen=True)
class Banned(Constraint):
    """Forbids the last id of each phrase where the others have just been said.

    A text stands for the ids that the target's tokenizer makes of it; the same letters in other
    pieces, or in upper case, are other phrases.

    Args:
        phrases: texts, or ids such as [17, 4].

    Raises:
        ValueError: a phrase is empty.
    """

    phrases: tuple[Phrase, ...]

    def __post_init__(self):
        if not all(self.phrases):
            raise ValueError(f"phrases = {self.phrases!r}: an empty one cannot be banned")

    def read(self, source: Reader, target: Reader) -> Self:
        return dataclasses.replace(self, phrases=ids_of(self.phrases, target))

    def __call__(self, logits, said: Said, known):
        phrases = require_ids(self.phrases)
        words = np.zeros([logits.shape[-1]], bool)
        words[[phrase[0] for phrase in phrases if len(phrase) == 1]] = True
        logits = forbid(logits, ops.convert_to_tensor(words))
        longer = [phrase for phrase in phrases if len(phrase) > 1]
        return forbid_some(logits, _about_to_end(longer, said)) if longer else logits


def _about_to_end(phrases, said: Said):
    """Names the last ids of phrases of which all but that was just said: [R, C], else PAD."""
    length = max(map(len, phrases)) - 1
    begun = [(ANY,) * (length + 1 - len(phrase)) + phrase[:-1] for phrase in phrases]
    last = last_ids(said, length)
    begun = ops.convert_to_tensor(begun, "int32")
    same = ops.logical_or(begun == ANY, last[:, None] == begun)
    ends = ops.convert_to_tensor([phrase[-1] for phrase in phrases], "int32")
    return ops.where(ops.all(same, axis=-1), ends, PAD)


def last_ids(said: Said, count: int):
    """Gives the last ids that rows have said: [R, count], PAD before the first."""
    places = said.position - count + ops.arange(count)
    found = ops.take_along_axis(said.ids, ops.maximum(places, 0), axis=1)
    return ops.where(places >= 0, found, PAD)
