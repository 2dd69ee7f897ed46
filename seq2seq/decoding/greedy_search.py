"""Takes the likeliest token at each position."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.constraint import NEVER, begin, constrain
from seq2seq.decoding.search import Hypotheses, Live, Search, Steps, limits, put, search_in_rounds


class Row(NamedTuple):
    """One hypothesis a sentence: ids [N, T], token [N], score [N], limit [N], done [N].

    known: what the constraints know of the sentences, nested tensors [N, ...].
    """

    ids: Any
    token: Any
    score: Any
    limit: Any
    done: Any
    known: Any


@dataclasses.dataclass(frozen=True)
class GreedySearch(Search):
    """Follows the likeliest token until END or the sentence's limit: one hypothesis a sentence.

    The score is the sum of the tokens' log-probabilities under the model's own distribution. PAD
    and START are never chosen, but keep their share of it. Where constraints leave nothing to say,
    a sentence gets PAD ids at a score of -1e9.
    """

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        def advance(position, live):
            row = live.carried
            logits, state = steps(row.token, position, live.state)
            logits = ops.cast(logits, "float32")
            allowed = constrain(self.constraints, logits, position, row.ids, row.known)
            return Live(_choose(row, position, logits, allowed), state)

        outcome = lambda row: (row.done, Hypotheses(row.ids[:, None], row.score[:, None]))
        live = Live(self._begin(sentences, max_length, given), steps.begin(1))
        return search_in_rounds(steps, live, advance, outcome, 1)

    def _begin(self, sentences, max_length, given) -> Row:
        limit = limits(max_length, sentences)
        return Row(
            ids=ops.zeros((sentences, ops.max(limit, initial=0)), "int32"),
            token=ops.full((sentences,), START, "int32"),
            score=ops.zeros((sentences,), "float32"),
            limit=limit,
            done=limit < 1,
            known=begin(self.constraints, given, sentences),
        )


def _choose(row: Row, position, logits, allowed) -> Row:
    """Adds the likeliest of the allowed ids that is neither PAD nor START."""
    allowed = allowed[:, END:]
    token = ops.cast(ops.argmax(allowed, axis=-1), "int32") + END
    best = ops.max(allowed, axis=-1)
    score = row.score + best - ops.logsumexp(logits, axis=-1)
    ids = put(row.ids, position, token)
    stuck = best <= NEVER / 2
    ids = ops.where(stuck[:, None], ops.zeros_like(ids), ids)
    score = ops.where(stuck, NEVER, score)
    ended = ops.logical_or(token == END, position + 1 >= row.limit)
    return row._replace(
        ids=ops.where(row.done[:, None], row.ids, ids),
        token=token,
        score=ops.where(row.done, row.score, score),
        done=ops.logical_or(row.done, ops.logical_or(ended, stuck)),
    )
