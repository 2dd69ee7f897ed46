"""The least number of ids."""

import dataclasses
from typing import Any

from keras import ops

from pipelines.special_tokens import END, PAD
from seq2seq.decoding.constraints.constraint import Constraint, Said, forbid, given_value


@dataclasses.dataclass(frozen=True)
class MinimumLength(Constraint):
    """Forbids END while a target would have too few ids; END itself counts, as in limits.

    Args:
        ids: the least ids of any target.
        ratio: the least ids of a target, as a multiple of its source's, END included there too.

    Raises:
        ValueError: one is negative.
    """

    ids: int = 0
    ratio: float = 0.0

    def __post_init__(self):
        if self.ids < 0 or self.ratio < 0:
            raise ValueError(f"ids = {self.ids}, ratio = {self.ratio}: choose 0 (none) or more")

    def begin(self, given, sentences) -> dict[str, Any]:
        least = ops.full((sentences,), self.ids, "int32")
        if self.ratio:
            real = ops.cast(given_value(given, "source", self) != PAD, "float32")
            length = ops.sum(real, axis=1)
            least = ops.maximum(least, ops.cast(ops.ceil(self.ratio * length), "int32"))
        return {"least": least}

    def __call__(self, logits, said: Said, known):
        early = said.position + 1 < known["least"][:, None]
        is_end = ops.arange(logits.shape[-1]) == END
        return forbid(logits, ops.logical_and(early, is_end))
