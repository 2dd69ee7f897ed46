"""Several beams a sentence, each kept from what the ones before it say."""

import dataclasses
from typing import Literal

import keras
from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.beam_search import BeamSearch, Told
from seq2seq.decoding.constraints.constraint import NEVER, constrain
from seq2seq.decoding.parts.beam import (
    Beam,
    Candidates,
    Finished,
    begin_beam,
    candidates,
    is_there,
    scores_of,
    survive,
)
from seq2seq.decoding.parts.best_of import gains
from seq2seq.decoding.search import Hypotheses, Live, Steps, search_in_rounds
from seq2seq.layers.gather import gather_within
from seq2seq.layers.rows import rows_within


@dataclasses.dataclass(frozen=True)
class DiverseBeamSearch(BeamSearch):
    """Parts a beam into groups that differ: Vijayakumar et al. (2018), Hamming diversity.

    At each position the groups continue one after the other. To a group, a token is worth
    `diversity` less for each live hypothesis of earlier groups that has just said it. That decides
    what is followed and counts in no score, so a score is as in `BeamSearch`, of which each group
    is one; the first group finds what a beam of its width finds. Of all that the groups finish,
    the best are returned, no target twice.

    Args:
        groups: how many; they share the width equally.
        diversity: 0 makes all groups alike; the paper found 0.2 to 0.8 good.

    Raises:
        ValueError: as `BeamSearch`; width is no multiple of groups, or diversity < 0.
    """

    width: int = 6
    stop: Literal["full", "sure", "never"] = "sure"  # a small group is soon full of bad ones
    groups: int = 3
    diversity: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        if self.groups < 1 or self.width % self.groups:
            raise ValueError(
                f"groups = {self.groups} of a beam of width = {self.width}: choose a width that "
                "the groups share equally"
            )
        if self.diversity < 0:
            raise ValueError(f"diversity = {self.diversity}: choose 0 (none) or more")

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        one = self._one_group()

        def advance(position, live):
            beam, finished, told = live.carried
            logits, beam, state = self._step(steps, position, beam, live.state)
            beam, parent, finished = self._in_turn(one, logits, position, beam, finished, told)
            state = steps.follow(state, rows_within(parent, self.width))
            return Live((beam, finished, told), state)

        def outcome(carried):
            _, finished, _ = carried
            done = ops.all(ops.stack([each.done for each in finished], axis=1), axis=1)
            return done, self._best_of_all(finished)

        beam, _, told = self._begin(sentences, max_length, given)
        part, finished = begin_beam(sentences, told.limit, one.width)
        beam = beam._replace(score=ops.tile(part.score, (1, self.groups)))
        live = Live((beam, (finished,) * self.groups, told), steps.begin(self.width))
        return search_in_rounds(steps, live, advance, outcome, self.width)

    def _in_turn(self, one: BeamSearch, logits, position, beam: Beam, finished, told: Told):
        """Continues all groups: logits [N * K, V] -> (beam, parents [N, K], finished of each)."""
        size = logits.shape[-1]
        logits = ops.reshape(logits, (-1, self.groups, one.width, size))
        said = ops.zeros_like(logits[:, 0, 0])
        groups = []
        for group, before in enumerate(finished):
            part = self._part(beam, group)
            found = self._diverse(logits[:, group], said, position, part, told)
            after = one._finish(found, position + 1, part, before, told)
            part, parent = survive(part, found)
            done = one._is_done(after, part.score, position + 1, told.limit)
            said = said + _said(part, before.done, size)
            parent = parent + group * one.width
            groups.append((part, parent, after._replace(done=done)))
        parts, parents, finished = zip(*groups)
        join = lambda *each: ops.concatenate(each, axis=1)
        return keras.tree.map_structure(join, *parts), join(*parents), finished

    def _one_group(self) -> BeamSearch:
        width = self.width // self.groups
        shared = {field.name: getattr(self, field.name) for field in dataclasses.fields(BeamSearch)}
        return BeamSearch(**(shared | {"width": width, "best": min(self.best, width)}))

    def _part(self, beam: Beam, group: int) -> Beam:
        width = self.width // self.groups
        own = slice(group * width, (group + 1) * width)
        return keras.tree.map_structure(lambda each: each[:, own], beam)

    def _diverse(self, logits, said, position, beam: Beam, told: Told) -> Candidates:
        """Continues one group: logits [N, k, V], said [N, V] by the groups before."""
        width, size = logits.shape[1:]
        logits = ops.reshape(logits, (-1, size))
        allowed = constrain(self.constraints, logits, position, beam.ids, told.known)
        cost = ops.repeat(self.diversity * said, width, axis=0)
        gain, token = gains(logits, allowed - cost, min(2 * width + END, size))
        rank = scores_of(beam, gain)
        total = ops.logsumexp(logits, axis=-1, keepdims=True)
        score = scores_of(beam, ops.take_along_axis(allowed, token, axis=1) - total)
        score = ops.where(is_there(rank), score, NEVER)
        flat = lambda tensor: ops.reshape(tensor, (-1, width * gain.shape[1]))
        _, place = ops.top_k(flat(rank), 2 * width)
        return candidates(beam, position, gather_within(flat(score), place), place, token)

    def _best_of_all(self, finished: tuple[Finished, ...]) -> Hypotheses:
        ids = ops.concatenate([each.ids for each in finished], axis=1)
        scores = ops.concatenate([each.scores for each in finished], axis=1)
        same = ops.all(ids[:, :, None] == ids[:, None], axis=-1)
        earlier = ops.arange(self.width)[:, None] > ops.arange(self.width)
        again = ops.any(ops.logical_and(same, earlier), axis=-1)
        there = ops.logical_and(is_there(scores), ops.logical_not(again))
        scores, order = ops.top_k(ops.where(there, scores, NEVER), self.best)
        ids = ops.take_along_axis(ids, order[..., None], axis=1)
        return Hypotheses(ops.where(is_there(scores)[..., None], ids, 0), scores)


def _said(beam: Beam, done, size: int):
    """Counts the tokens that live hypotheses have just said: [N, V]; of what was done, nothing."""
    live = ops.logical_and(is_there(beam.score), ops.logical_not(done)[:, None])
    token = ops.where(live, beam.token, -1)  # which has no place
    return ops.sum(ops.one_hot(token, size), axis=1)
