"""Takes the likeliest token at each position."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.search import Hypotheses, Search, limits, put


class Row(NamedTuple):
    """One hypothesis a sentence: ids [B, T], token [B], score [B], done [B], state [B, ...]."""

    ids: Any
    token: Any
    score: Any
    done: Any
    state: Any


@dataclasses.dataclass(frozen=True)
class GreedySearch(Search):
    """Follows the likeliest token until END or the sentence's limit: one hypothesis a sentence.

    The score is the sum of the tokens' log-probabilities under the model's own distribution. PAD
    and START are never chosen, but keep their share of it.
    """

    def __call__(self, step, state, sentences, max_length) -> Hypotheses:
        limit = limits(max_length, sentences)
        longest = ops.max(limit, initial=0)

        def proceed(position, row):
            return ops.logical_and(position < longest, ops.logical_not(ops.all(row.done)))

        def advance(position, row):
            logits, state = step(row.token, position, row.state)
            token, gain = _likeliest(ops.cast(logits, "float32"))
            ids = ops.where(row.done[:, None], row.ids, put(row.ids, position, token))
            score = ops.where(row.done, row.score, row.score + gain)
            ended = ops.logical_or(token == END, position + 1 >= limit)
            return position + 1, Row(ids, token, score, ops.logical_or(row.done, ended), state)

        row = Row(
            ids=ops.zeros((sentences, longest), "int32"),
            token=ops.full((sentences,), START, "int32"),
            score=ops.zeros((sentences,), "float32"),
            done=limit < 1,
            state=state,
        )
        _, row = ops.while_loop(proceed, advance, (ops.convert_to_tensor(0, "int32"), row))
        return Hypotheses(row.ids[:, None], row.score[:, None])


def _likeliest(logits):
    """Finds the best token that is neither PAD nor START: logits [B, V] -> token, gain [B]."""
    allowed = logits[:, END:]
    token = ops.cast(ops.argmax(allowed, axis=-1), "int32") + END
    return token, ops.max(allowed, axis=-1) - ops.logsumexp(logits, axis=-1)
