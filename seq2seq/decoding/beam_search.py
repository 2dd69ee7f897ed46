"""Keeps several hypotheses a sentence and returns the best of those that finished."""

import dataclasses
from typing import Any, Literal, NamedTuple

from keras import ops

from pipelines.special_tokens import END, PAD
from seq2seq.decoding.constraints.constraint import NEVER, begin, constrain, given_value
from seq2seq.decoding.parts.beam import (
    Beam,
    Candidates,
    Finished,
    begin_beam,
    continued,
    finish,
    is_there,
    survive,
)
from seq2seq.decoding.parts.best_of import best_continuations
from seq2seq.decoding.search import Hypotheses, Live, Search, Steps, limits, search_in_rounds
from seq2seq.layers.gather import gather_within
from seq2seq.layers.rows import rows_within

# The least share that counts as read, so that what was never read costs a finite number.
UNREAD = 1e-6


class Told(NamedTuple):
    """What stays the same of each sentence.

    limit: [N], its most ids. real: bool [N, S], True = a token of the source; () where coverage is
    not asked. known: what the constraints know, nested tensors [N, ...].
    """

    limit: Any
    real: Any
    known: Any


@dataclasses.dataclass(frozen=True)
class BeamSearch(Search):
    """Follows the `width` likeliest hypotheses of each sentence.

    Live hypotheses, which compete by their log-probability, are kept apart from finished ones,
    which compete by their score (Wu et al., 2016, section 7, equation 14):

        log-probability / penalty(length) + coverage_penalty * sum of log(min(read, 1))

    where the length counts END, and `read` is what attention has read of a token of the source.
    Among the 2 * width best continuations, END finishes a hypothesis only within the first
    `width`; the best others live on. So a width of 1, stopped when full, is greedy search.

    The log-probability is the sum of those of the tokens under the model's own distribution. PAD
    and START are never chosen, but keep their share of the distribution. A sentence that has fewer
    hypotheses than `best` is filled up with PAD ids at a score of -1e9.

    Args:
        width: K, the live hypotheses and the finished ones that are kept for a sentence.
        length_penalty: 0 compares plain log-probabilities; larger values favour longer targets.
        penalty: "gnmt" is ((5 + length) / 6) ** length_penalty, "average" is length **
            length_penalty, which for 1 is the mean of the tokens.
        coverage_penalty: 0 does not look at attention; larger values favour targets that have read
            all of the source. The GNMT system had 0.2.
        stop: a sentence is done when there are `width` finished hypotheses ("full"); when no live
            one can reach the results any more ("sure"), since live scores only fall, and no penalty
            is kinder than that of the sentence's limit; or only at its limit ("never").
        best: the number of hypotheses returned a sentence.

    Raises:
        ValueError: width < 1, best < 1, best > width or a negative penalty.
    """

    width: int = 4
    length_penalty: float = 0.6
    penalty: Literal["gnmt", "average"] = "gnmt"
    coverage_penalty: float = 0.0
    stop: Literal["full", "sure", "never"] = "full"
    best: int = 1

    def __post_init__(self):
        if not 1 <= self.best <= self.width:
            raise ValueError(
                f"best = {self.best} hypotheses of a beam of width = {self.width}: "
                "choose 1 <= best <= width"
            )
        for name in ("length_penalty", "coverage_penalty"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: choose 0 (none) or more")

    @property
    def kept(self) -> int:
        return self.width

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        def advance(position, live):
            beam, finished, told = live.carried
            logits, beam, state = self._step(steps, position, beam, live.state)
            found = self._continue(logits, position, beam, told)
            finished = self._finish(found, position + 1, beam, finished, told)
            beam, parent = survive(beam, found)
            done = self._is_done(finished, beam.score, position + 1, told.limit)
            carried = beam, finished._replace(done=done), told
            return Live(carried, steps.follow(state, rows_within(parent, self.width)))

        def outcome(carried):
            _, finished, _ = carried
            best = Hypotheses(finished.ids[:, : self.best], finished.scores[:, : self.best])
            return finished.done, best

        live = Live(self._begin(sentences, max_length, given), steps.begin(self.width))
        return search_in_rounds(steps, live, advance, outcome, self.width)

    def _begin(self, sentences, max_length, given) -> tuple[Beam, Finished, Told]:
        limit = limits(max_length, sentences)
        beam, finished = begin_beam(sentences, limit, self.width)
        real: Any = ()
        if self.coverage_penalty:
            real = given_value(given, "source", self) != PAD
            shape = (sentences, self.width, ops.shape(real)[1])
            beam = beam._replace(coverage=ops.zeros(shape, "float32"))
        return beam, finished, Told(limit, real, begin(self.constraints, given, sentences))

    def _step(self, steps: Steps, position, beam: Beam, state) -> tuple[Any, Beam, Any]:
        """Predicts what follows -> (logits [N * K, V], the beam with what was read, state)."""
        token = ops.reshape(beam.token, (-1,))
        if not self.coverage_penalty:
            logits, state = steps(token, position, state)
            return ops.cast(logits, "float32"), beam, state
        logits, shown, state = steps.look(token, position, state)
        read = ops.reshape(ops.cast(shown["attention"], "float32"), ops.shape(beam.coverage))
        return ops.cast(logits, "float32"), beam._replace(coverage=beam.coverage + read), state

    def _continue(self, logits, position, beam: Beam, told: Told) -> Candidates:
        """Finds the 2K best continuations of each sentence: logits [N * K, V]."""
        allowed = constrain(self.constraints, logits, position, beam.ids, told.known)
        best = best_continuations(logits, allowed, beam.score, 2 * self.width)
        return continued(beam, position, *best)

    def _finish(self, found: Candidates, length, beam: Beam, finished, told: Told) -> Finished:
        """Lets continuations that end, or reach their limit, compete for the results."""
        is_end = found.token == END
        ends = ops.logical_and(is_end, ops.arange(2 * self.width) < self.width)
        # Of those cut, no more than the K best, the survivors, can be among the K results.
        cut = ops.logical_and(ops.logical_not(is_end), (length >= told.limit)[:, None])
        enters = ops.logical_and(ops.logical_or(ends, cut), is_there(found.score))
        scores = found.score / self._penalty(length)
        if self.coverage_penalty:
            unread = ops.log(ops.clip(beam.coverage, UNREAD, 1.0))
            cost = ops.sum(ops.where(told.real[:, None], unread, 0.0), axis=-1)
            cost = gather_within(cost, found.parent)
            scores = ops.maximum(scores + self.coverage_penalty * cost, NEVER)
        return finish(finished, found, ops.where(enters, scores, NEVER))

    def _is_done(self, finished: Finished, score, length, limit):
        """Tells which sentences' results cannot change any more -> bool [N]."""
        live = ops.max(score, axis=1)
        done = ops.logical_or(finished.done, length >= limit)
        done = ops.logical_or(done, ops.logical_not(is_there(live)))
        if self.stop == "never":
            return done
        # What was read only grows, so what lacks of it may yet cost nothing.
        reach = live / self._penalty(limit)
        done = ops.logical_or(done, finished.scores[:, self.best - 1] >= reach)
        if self.stop == "full":
            done = ops.logical_or(done, is_there(finished.scores[:, -1]))
        return done

    def _penalty(self, length):
        length = ops.cast(length, "float32")
        average = length if self.penalty == "average" else (5.0 + length) / 6.0
        return average**self.length_penalty
