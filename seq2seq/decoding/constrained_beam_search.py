"""A beam whose results say all that is required."""

import dataclasses
from typing import Any, Self

from keras import ops

from pipelines.special_tokens import END, PAD
from seq2seq.decoding.beam_search import BeamSearch, Told
from seq2seq.decoding.constraints.constraint import (
    NEVER,
    Phrase,
    Reader,
    constrain,
    forbid,
    ids_of,
    require_ids,
)
from seq2seq.decoding.parts.beam import Beam, Candidates, candidates, scores_of
from seq2seq.decoding.parts.best_of import gains
from seq2seq.decoding.parts.phrases import count_said, next_of, progress_of
from seq2seq.layers.gather import gather_within
from seq2seq.layers.rows import repeat_rows


@dataclasses.dataclass(frozen=True)
class ConstrainedBeamSearch(BeamSearch):
    """Finds targets that say given words and phrases: Post and Vilar (2018), section 3.

    Beside its best continuations, each hypothesis is offered the next ids of all phrases it has
    not said. Those that have said equally many of the required ids share a bank, and banks take
    turns in filling the beam, the one that has said most first; so places that a bank does not
    need go to the others. END is forbidden before all is said; a sentence whose limit comes
    earlier gets PAD ids at a score of -1e9. Phrases may overlap. Otherwise, and in all that a
    score is, this is `BeamSearch`; with nothing required it is the same.

    Give it a width of more than the required ids, so that each bank has a place.

    Args:
        required: phrases that all targets say: texts, or ids such as [17, 4]. Further ones may be
            given of each sentence as "required", int [B, C, L], PAD at ends.

    Raises:
        ValueError: as `BeamSearch`; a phrase is empty.
    """

    required: tuple[Phrase, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        if not all(self.required):
            raise ValueError(f"required = {self.required!r}: an empty phrase is said by none")

    def read(self, source: Reader, target: Reader) -> Self:
        required = ids_of(self.required, target)
        return dataclasses.replace(super().read(source, target), required=required)

    def _begin(self, sentences, max_length, given):
        beam, finished, told = super()._begin(sentences, max_length, given)
        known = {"constraints": told.known, "phrases": self._phrases(given, sentences)}
        return beam, finished, told._replace(known=known)

    def _phrases(self, given, sentences) -> Any:
        """Joins what is required of all and of each: int32 [B, C, L], PAD at ends."""
        own = require_ids(self.required)
        longest = max(map(len, own), default=1)
        same = ops.convert_to_tensor(
            [ids + (PAD,) * (longest - len(ids)) for ids in own] or [(PAD,)], "int32"
        )
        same = ops.broadcast_to(same, (sentences, *same.shape))
        if "required" not in given:
            return same
        each = ops.cast(given["required"], "int32")
        length = ops.maximum(ops.shape(each)[2], longest)
        widen = lambda ids: ops.pad(ids, [[0, 0], [0, 0], [0, length - ops.shape(ids)[2]]])
        return ops.concatenate([widen(same), widen(each)], axis=1)

    def _continue(self, logits, position, beam: Beam, told: Told) -> Candidates:
        allowed = constrain(self.constraints, logits, position, beam.ids, told.known["constraints"])
        phrases = repeat_rows(told.known["phrases"], self.width)
        ids = ops.reshape(beam.ids, (-1, ops.shape(beam.ids)[2]))
        progress = progress_of(ids, position, phrases)
        lacks = ops.logical_not(ops.all(progress.said, axis=1, keepdims=True))
        is_end = ops.arange(logits.shape[-1]) == END
        allowed = forbid(allowed, ops.logical_and(lacks, is_end))
        gain, token = self._offers(logits, allowed, next_of(progress, phrases))
        score = scores_of(beam, gain)
        said = count_said(progress, phrases, token)
        places = ops.shape(token)[1] * self.width
        flat = lambda tensor: ops.reshape(tensor, (-1, places))
        place = _by_turns(flat(score), flat(said), 2 * self.width)
        return candidates(beam, position, gather_within(flat(score), place), place, token)

    def _offers(self, logits, allowed, required):
        """Finds what rows may say next: the best, and required [R, C] -> gains, tokens [R, E]."""
        count = min(2 * self.width + END, logits.shape[-1])
        gain, token = gains(logits, allowed, count)
        total = ops.logsumexp(logits, axis=-1, keepdims=True)
        more = ops.maximum(ops.take_along_axis(allowed, required, axis=1) - total, NEVER)
        among = ops.any(required[:, :, None] == token[:, None], axis=-1)
        twice = ops.logical_and(
            required[:, :, None] == required[:, None],
            ops.arange(ops.shape(required)[1])[:, None] > ops.arange(ops.shape(required)[1]),
        )
        idle = ops.logical_or(ops.logical_or(among, ops.any(twice, axis=-1)), required == PAD)
        more = ops.where(idle, NEVER, more)
        return ops.concatenate([gain, more], axis=1), ops.concatenate([token, required], axis=1)

    def _finish(self, found: Candidates, length, beam, finished, told: Told):
        """Lets only those enter that have said all, also of those cut by their limit."""
        phrases = told.known["phrases"]
        count = found.token.shape[1]
        ids = ops.reshape(found.ids, (-1, ops.shape(found.ids)[2]))
        said = ops.all(progress_of(ids, length, repeat_rows(phrases, count)).said, axis=1)
        score = ops.where(ops.reshape(said, (-1, count)), found.score, NEVER)
        return super()._finish(found._replace(score=score), length, beam, finished, told)


def _by_turns(score, said, count: int):
    """Orders candidates by turns of their banks: score, said [N, E] -> the first [N, count].

    A bank is those that have said as many; the best of each come before the second best of any.
    """
    bank = said[:, :, None] == said[:, None]
    places = ops.arange(ops.shape(score)[1])
    better = score[:, None] > score[:, :, None]
    same = ops.logical_and(score[:, None] == score[:, :, None], places < places[:, None])
    ahead = ops.logical_and(bank, ops.logical_or(better, same))
    turn = ops.sum(ops.cast(ahead, "int32"), axis=-1)
    most = ops.max(said, initial=0) + 1
    order = turn * most + most - 1 - said
    there = score > NEVER / 2
    order = ops.where(there, order, ops.max(order, initial=0) + 1)
    return ops.top_k(-order, count)[1]
