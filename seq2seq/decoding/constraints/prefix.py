"""What a target begins with."""

import dataclasses
from typing import Any, Self

from keras import ops

from pipelines.special_tokens import PAD
from seq2seq.decoding.constraints.constraint import (
    NEVER,
    Constraint,
    Phrase,
    Reader,
    Said,
    ids_of,
    require_ids,
)


@dataclasses.dataclass(frozen=True)
class Prefix(Constraint):
    """Lets a target begin with given ids; what was forbidden by constraints before, may be said.

    So it is best put last. The score counts the prefix, and a limit cuts it. The ids are `text`'s,
    and after them what is given as "prefix" of each sentence, int [B, P] with PAD at its end.

    Args:
        text: what all targets begin with, such as a mark of their language.
    """

    text: Phrase = ""

    def read(self, source: Reader, target: Reader) -> Self:
        return dataclasses.replace(self, text=ids_of([self.text], target)[0]) if self.text else self

    def begin(self, given, sentences) -> dict[str, Any]:
        own = require_ids([self.text])[0] if self.text else ()
        same = ops.convert_to_tensor([own], "int32") if own else ops.zeros((1, 0), "int32")
        ids = ops.broadcast_to(same, (sentences, len(own)))
        if "prefix" in given:
            ids = ops.concatenate([ids, ops.cast(given["prefix"], "int32")], axis=1)
        # At least one place, so that a place can be taken of it.
        return {"prefix": ops.pad(ids, [[0, 0], [0, 1]])}

    def __call__(self, logits, said: Said, known):
        last = ops.shape(known["prefix"])[1] - 1
        place = ops.minimum(said.position, last)
        wanted = ops.take_along_axis(known["prefix"], place, axis=1)
        others = ops.arange(logits.shape[-1]) != wanted
        return ops.where(wanted == PAD, logits, ops.where(others, NEVER, said.logits))
