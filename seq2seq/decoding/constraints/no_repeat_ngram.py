"""No run of ids twice in a target."""

import dataclasses

from keras import ops

from pipelines.special_tokens import PAD
from seq2seq.decoding.constraints.banned import last_ids
from seq2seq.decoding.constraints.constraint import Constraint, Said, forbid_some


@dataclasses.dataclass(frozen=True)
class NoRepeatNgram(Constraint):
    """Forbids what would say `size` ids in a row that were said before: Paulus et al. (2018), 2.5.

    Raises:
        ValueError: size < 1.
    """

    size: int = 3

    def __post_init__(self):
        if self.size < 1:
            raise ValueError(f"size = {self.size}: choose 1 (no id twice) or more")

    def __call__(self, logits, said: Said, known):
        """Looks where the last `size` - 1 ids were said before, and forbids what came after."""
        context = self.size - 1
        length = ops.shape(said.ids)[1]
        last = last_ids(said, context)
        begins = ops.arange(length)
        same = begins + context < said.position
        for place in range(context):
            earlier = ops.take(said.ids, ops.minimum(begins + place, length - 1), axis=1)
            same = ops.logical_and(same, earlier == last[:, place : place + 1])
        after = ops.take(said.ids, ops.minimum(begins + context, length - 1), axis=1)
        return forbid_some(logits, ops.where(same, after, PAD))
