"""Our searches in CTranslate2's words."""

import dataclasses
from typing import Any, NamedTuple

from pipelines import plugins
from seq2seq.decoding.search import Search

# The searches that CTranslate2 has, and the options of ours that it knows.
KNOWN: dict[str, tuple[str, ...]] = {
    "greedy_search": (),
    "beam_search": ("width", "length_penalty", "penalty", "stop", "best"),
}
# CTranslate2 stops at `width` finished hypotheses only where there is a penalty, however small.
NO_PENALTY = 1e-6


class Hypothesis(NamedTuple):
    """Pieces, END included unless they were cut, and the score as our search defines it."""

    pieces: list[str]
    score: float


class SearchOptions:
    """What `translate_batch` is asked for, and how its hypotheses are ranked.

    CTranslate2 compares log-probability / length ** penalty, which is our penalty "average". With
    "gnmt" both still finish hypotheses at the same steps, so the best by our formula is found among
    the `width` best by theirs. Only where several end at once may CTranslate2 have more, and leave
    some out: its penalty is set so that at 10 tokens both formulas change at the same rate.

    Raises:
        ValueError: CTranslate2 has no such search.
    """

    def __init__(self, search: Search):
        section = search_section(search)
        self._width = section.get("width", 1)
        self._best = section.get("best", 1)
        self._penalty = section.get("length_penalty", 0.0)
        self._is_average = section.get("penalty") == "average"
        self._compared = 0.0
        if self._width > 1 and section["stop"] == "full":
            slope = 1.0 if self._is_average else 10 / (5 + 10)
            self._compared = slope * self._penalty or NO_PENALTY

    def arguments(self) -> dict[str, Any]:
        """Gives the arguments of `translate_batch`."""
        return {
            "beam_size": self._width,
            "num_hypotheses": self._width,
            "length_penalty": self._compared,
            "return_end_token": True,
            "return_scores": True,
        }

    def ranked(self, result) -> list[Hypothesis]:
        """Takes as many hypotheses from a `TranslationResult` as our search returns, best first."""
        scored = []
        for pieces, score in zip(result.hypotheses, result.scores):
            total = score * len(pieces) ** self._compared
            scored.append(Hypothesis(pieces, total / self._divisor(len(pieces))))
        return sorted(scored, key=lambda hypothesis: -hypothesis.score)[: self._best]

    def _divisor(self, length: int) -> float:
        base = length if self._is_average else (5 + length) / 6
        return base**self._penalty if length else 1.0


def search_section(search: Search) -> dict[str, Any]:
    """Describes a search as a recipe does.

    Raises:
        ValueError: CTranslate2 has no such search.
    """
    kind = type(search).__module__.rpartition(".")[2]
    if kind not in KNOWN:
        raise ValueError(
            f"CTranslate2 has no search like {type(search).__name__}: use --set search.kind="
            f"{' or '.join(KNOWN)}"
        )
    for field in dataclasses.fields(search):
        value = getattr(search, field.name)
        if field.name not in KNOWN[kind] and value != field.default:
            raise ValueError(
                f"CTranslate2 does not search with {field.name} = {value} as we do: leave it "
                f"{field.default}, or export for TensorFlow Serving"
            )
    section = {"kind": kind} | {name: getattr(search, name) for name in KNOWN[kind]}
    if section.get("length_penalty") and section["stop"] != "full":
        raise ValueError(
            "with a length penalty, CTranslate2 stops at `width` finished hypotheses: use --set "
            "search.stop=full, or search.length_penalty=0"
        )
    return section


def search_of(section: dict[str, Any]) -> Search:
    """Makes the search that `search_section` described."""
    return plugins.build("seq2seq.decoding", Search, section)
