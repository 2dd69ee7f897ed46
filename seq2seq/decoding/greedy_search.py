"""Takes the likeliest token at each position."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.search import Hypotheses, Live, Search, Steps, limits, put, search_in_rounds


class Row(NamedTuple):
    """One hypothesis a sentence: ids [N, T], token [N], score [N], limit [N], done [N]."""

    ids: Any
    token: Any
    score: Any
    limit: Any
    done: Any


@dataclasses.dataclass(frozen=True)
class GreedySearch(Search):
    """Follows the likeliest token until END or the sentence's limit: one hypothesis a sentence.

    The score is the sum of the tokens' log-probabilities under the model's own distribution. PAD
    and START are never chosen, but keep their share of it.
    """

    def __call__(self, steps: Steps, sentences, max_length) -> Hypotheses:
        limit = limits(max_length, sentences)

        def advance(position, live):
            row = live.carried
            logits, state = steps(row.token, position, live.state)
            token, gain = _likeliest(ops.cast(logits, "float32"))
            ids = ops.where(row.done[:, None], row.ids, put(row.ids, position, token))
            score = ops.where(row.done, row.score, row.score + gain)
            ended = ops.logical_or(token == END, position + 1 >= row.limit)
            done = ops.logical_or(row.done, ended)
            return Live(Row(ids, token, score, row.limit, done), state)

        row = Row(
            ids=ops.zeros((sentences, ops.max(limit, initial=0)), "int32"),
            token=ops.full((sentences,), START, "int32"),
            score=ops.zeros((sentences,), "float32"),
            limit=limit,
            done=limit < 1,
        )
        outcome = lambda row: (row.done, Hypotheses(row.ids[:, None], row.score[:, None]))
        return search_in_rounds(steps, Live(row, steps.begin(1)), advance, outcome, 1)


def _likeliest(logits):
    """Finds the best token that is neither PAD nor START: logits [B, V] -> token, gain [B]."""
    allowed = logits[:, END:]
    token = ops.cast(ops.argmax(allowed, axis=-1), "int32") + END
    return token, ops.max(allowed, axis=-1) - ops.logsumexp(logits, axis=-1)
