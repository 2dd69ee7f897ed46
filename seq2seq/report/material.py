"""What the sections of a report look at."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sacrebleu.metrics import CHRF

from seq2seq.details import Details
from seq2seq.evaluation import Evaluation
from seq2seq.report.words import WordCounts


class Other(NamedTuple):
    """What another model wrote for the same sources."""

    name: str
    hypotheses: Sequence[str]


@dataclass(frozen=True)
class Material:
    """The texts of an evaluation, as many of each kind, and what is known about them.

    Args:
        lengths: the tokens of each source, END left out.
        other: what to compare with.
        counts: of the words of training, if they are known.
        explain: tells how the model says targets, (source, target) each, piece by piece.
        shown: places of the sentences whose attention shall be shown; a choice if empty.
        comet: a checkpoint of a COMET model.
    """

    sources: Sequence[str]
    references: Sequence[str]
    evaluation: Evaluation
    lengths: Sequence[int]
    other: Other | None = None
    counts: WordCounts | None = None
    explain: Callable[[Sequence[tuple[str, str]]], list[Details]] | None = None
    shown: Sequence[int] = ()
    comet: Path | None = None

    @property
    def hypotheses(self) -> Sequence[str]:
        return self.evaluation.hypotheses

    def systems(self) -> dict[str, Sequence[str]]:
        """Returns the hypotheses by who wrote them: "own", and "other" if there is one."""
        own = {"own": self.hypotheses}
        return own | ({"other": self.other.hypotheses} if self.other else {})

    @functools.cached_property
    def sentence_chrf(self) -> dict[str, list[float]]:
        """The chrF of each sentence, 0 to 100, of each system."""
        metric = CHRF()
        score = lambda pair: metric.sentence_score(pair[0], [pair[1]]).score
        return {
            name: [score(pair) for pair in zip(hypotheses, self.references)]
            for name, hypotheses in self.systems().items()
        }

    @functools.cached_property
    def order(self) -> list[int]:
        """Places of the sentences, the lowest chrF first; equals as they come."""
        chrf = self.sentence_chrf["own"]
        return sorted(range(len(chrf)), key=chrf.__getitem__)
