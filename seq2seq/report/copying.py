"""What is written as it was read."""

from collections import Counter
from dataclasses import dataclass

from seq2seq.report.elements import figure, listing, note, percent, table
from seq2seq.report.material import Material
from seq2seq.report.section import Section
from seq2seq.report.words import is_word, words


@dataclass(frozen=True)
class Copying(Section):
    """Counts the words, marks left out, that targets have in common with their sources.

    Args:
        listed: how many sentences are shown that copied too much.
    """

    listed: int = 5
    title = "Copying"
    about = (
        "Words of the source that were written as they are, such as names and numbers. A copied "
        "word is right where the reference copies it too."
    )

    def measure(self, material: Material) -> dict:
        systems = material.systems()
        return {
            "references": self._counted(material, material.references),
            **{name: self._counted(material, texts) for name, texts in systems.items()},
            "shown": self._worst(material),
        }

    def show(self, found: dict):
        names = {"references": "references", "own": "hypotheses", "other": "the other's"}
        head = "", "words", "copied", "share", "precision", "recall", "whole sentences"
        rows = [(name, found[key]) for key, name in names.items() if key in found]
        cells = lambda row: (
            [figure(row["words"], 0), figure(row["copied"], 0)]
            + [percent(row[name]) for name in ("share", "precision", "recall")]
            + [figure(row["whole"], 0)]
        )
        yield table(head, ([name, *cells(row)] for name, row in rows))
        if found["shown"]:
            yield note("Most words that the reference does not copy:")
            texts = {"words": "copied", "source": "source", "hypothesis": "hypothesis"}
            yield listing({"line": "line"} | texts, found["shown"])

    def _counted(self, material: Material, texts) -> dict:
        total = Counter[str]()
        for source, reference, text in zip(material.sources, material.references, texts):
            read, wanted, written = map(_bag, (source, reference, text))
            copied, right = written & read, wanted & read
            total["words"] += written.total()
            total["copied"] += copied.total()
            total["wanted"] += right.total()
            total["right"] += (copied & right).total()
            total["whole"] += bool(written) and words(source) == words(text)
        share = lambda part, whole: 100 * total[part] / total[whole] if total[whole] else None
        return {
            **{name: total[name] for name in ("words", "copied", "wanted", "right", "whole")},
            "share": share("copied", "words"),
            "precision": share("right", "copied"),
            "recall": share("right", "wanted"),
        }

    def _worst(self, material: Material) -> list[dict]:
        rows = []
        texts = zip(material.sources, material.references, material.hypotheses)
        for place, (source, reference, hypothesis) in enumerate(texts):
            wrong = (_bag(hypothesis) & _bag(source)) - _bag(reference)
            said = {"words": " ".join(wrong.elements()), "source": source, "hypothesis": hypothesis}
            rows.append((wrong.total(), {"line": place + 1, **said}))
        rows.sort(key=lambda row: -row[0])
        return [row for count, row in rows[: self.listed] if count]


def _bag(text: str) -> Counter:
    return Counter(word for word in words(text) if is_word(word))
