"""What was said becomes less likely."""

import dataclasses

from keras import ops

from seq2seq.decoding.constraints.constraint import Constraint, Said


@dataclasses.dataclass(frozen=True)
class RepetitionPenalty(Constraint):
    """Multiplies the log-probabilities of ids that were said before: Keskar et al. (2019), 4.1.

    They divide logits, whose zero is arbitrary: log-probabilities have one, so adding a number to
    all logits changes nothing here. Scores hold the penalty: an id of log-probability p that was
    said before adds factor * p.

    Args:
        factor: 1 changes nothing; they found 1.2 good.

    Raises:
        ValueError: factor < 1.
    """

    factor: float = 1.2

    def __post_init__(self):
        if self.factor < 1:
            raise ValueError(f"factor = {self.factor}: choose 1 (no penalty) or more")

    def __call__(self, logits, said: Said, known):
        rows, length = ops.shape(said.ids)
        places = ops.stack(
            [ops.repeat(ops.arange(rows), length), ops.reshape(said.ids, (-1,))], axis=1
        )
        total = ops.logsumexp(said.logits, axis=-1, keepdims=True)
        own = ops.reshape(ops.take_along_axis(said.logits - total, said.ids, axis=1), (-1,))
        # Of an id that was said twice, the same value is written twice. PAD is never chosen.
        before = ops.reshape(ops.take_along_axis(logits, said.ids, axis=1), (-1,))
        penalised = before + (self.factor - 1.0) * own
        return ops.scatter_update(logits, places, penalised)
