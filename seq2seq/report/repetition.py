"""What is said again in the same sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.report.elements import listing, note, percent, table
from seq2seq.report.material import Material
from seq2seq.report.section import Section
from seq2seq.report.words import words


@dataclass(frozen=True)
class Repetition(Section):
    """Counts n-grams of words that their own sentence had before, up to `longest` words.

    Args:
        looped: sentences that say so many words again, and whose references do not, are loops.
        listed: how many of these are shown.
    """

    longest: int = 4
    looped: int = 3
    listed: int = 5
    title = "Repetition"
    about = (
        "The share of runs of n words that the same sentence had before: a, b, a, b has one of "
        "three pairs twice. References repeat themselves too; what matters is the difference."
    )

    def measure(self, material: Material) -> dict:
        sides = {"references": material.references, **material.systems()}
        rates = [
            {"words": size, **{side: repeated(texts, size) for side, texts in sides.items()}}
            for size in range(1, self.longest + 1)
        ]
        loops: list[dict] = [
            {"line": place + 1, "phrase": phrase, "times": times, "hypothesis": hypothesis}
            for place, hypothesis in enumerate(material.hypotheses)
            for phrase, times in self._loop(hypothesis, material.references[place])
        ]
        loops.sort(key=lambda loop: -loop["times"])
        shown = loops[: self.listed]
        return {"rates": rates, "size": self.looped, "loops": len(loops), "shown": shown}

    def show(self, found: dict):
        sides = [side for side in found["rates"][0] if side != "words"]
        names = {"references": "references", "own": "hypotheses", "other": "the other's"}
        rows = (
            [str(rate["words"]), *(percent(rate[side]) for side in sides)]
            for rate in found["rates"]
        )
        yield table(["words", *(names[side] for side in sides)], rows)
        yield note(
            f"Sentences that say {found['size']} words again, which their references do not: "
            f"{found['loops']:,}."
        )
        if found["shown"]:
            columns = {"line": "line", "times": "times", "phrase": "said again"}
            yield listing(columns | {"hypothesis": "hypothesis"}, found["shown"])

    def _loop(self, hypothesis: str, reference: str) -> list[tuple[str, int]]:
        """Finds the phrase that is said most often, if the reference does not say it twice."""
        said, wanted = (_runs(text, self.looped) for text in (hypothesis, reference))
        often = [
            (" ".join(run), times) for run, times in said.items() if times > max(1, wanted[run])
        ]
        return [max(often, key=lambda each: each[1])] if often else []


def repeated(texts: Sequence[str], size: int) -> float | None:
    """Returns the percentage of runs of `size` words that their text had before."""
    runs = [_runs(text, size) for text in texts]
    total = sum(each.total() for each in runs)
    return 100 * (total - sum(map(len, runs))) / total if total else None


def _runs(text: str, size: int) -> Counter:
    said = words(text)
    return Counter(zip(*(said[begin:] for begin in range(size))))
