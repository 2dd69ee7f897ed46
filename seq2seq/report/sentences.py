"""The worst and the best sentences."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from seq2seq.report.elements import Child, bar, element, figure, note, table, text_cell
from seq2seq.report.material import Material
from seq2seq.report.section import Section

BINS = 10


@dataclass(frozen=True)
class Sentences(Section):
    """Shows `listed` sentences of the lowest and the highest chrF, beside their references.

    With another model's hypotheses, also those where the two differ most.
    """

    listed: int = 10
    title = "Sentences"
    about = (
        "By the chrF of each sentence. Words that a hypothesis does not share with its reference "
        "are marked."
    )

    def measure(self, material: Material) -> dict:
        chrf = material.sentence_chrf["own"]
        histogram = [0] * BINS
        for score in chrf:
            histogram[min(int(BINS * score / 100), BINS - 1)] += 1
        lists = {
            "worst": material.order[: self.listed],
            "best": material.order[::-1][: self.listed],
        }
        if material.other is not None:
            other = material.sentence_chrf["other"]
            gain = [own - theirs for own, theirs in zip(chrf, other)]
            order = sorted(range(len(gain)), key=gain.__getitem__)
            lists["lost"] = [place for place in order if gain[place] < 0][: self.listed]
            lists["won"] = [place for place in order[::-1] if gain[place] > 0][: self.listed]
        rows = {name: [_row(material, place) for place in places] for name, places in lists.items()}
        return {"histogram": histogram, **rows}

    def show(self, found: dict):
        yield _histogram(found["histogram"])
        titles = {
            "worst": "The worst",
            "best": "The best",
            "lost": "Most below the other's",
            "won": "Most above the other's",
        }
        for name, title in titles.items():
            if found.get(name):
                yield element("h3", title)
                yield _texts(found[name])


def _row(material: Material, place: int) -> dict:
    row = {
        "line": place + 1,
        "source": material.sources[place],
        "reference": material.references[place],
    }
    for name, hypotheses in material.systems().items():
        row[name] = {
            "text": hypotheses[place],
            "chrf": material.sentence_chrf[name][place],
        }
    return row


def _histogram(counts: list[int]) -> Element:
    most = max(counts)
    width = 100 // BINS
    rows: Iterable[list[Child]] = (
        [f"{width * place} to {width * (place + 1)}", f"{count:,}", bar(count / most)]
        for place, count in enumerate(counts)
    )
    return table(["chrF", "sentences", ""], rows)


def _texts(rows: list[dict]) -> Element:
    systems = [system for system in ("own", "other") if system in rows[0]]
    names = {"own": "hypothesis", "other": "the other's"}
    head = ["line", "source", "reference"]
    for system in systems:
        head += [names[system], "chrF"]

    def cells(row: dict) -> list[Child]:
        made: list[Child] = [f"{row['line']:,}"]
        made += [text_cell(row["source"]), text_cell(row["reference"])]
        for system in systems:
            found = row[system]
            marked = element("td", *_marked(found["text"], row["reference"]), dir="auto")
            made += [marked, figure(found["chrf"], 1)]
        return made

    return table(head, map(cells, rows))


def _marked(hypothesis: str, reference: str) -> list[Child]:
    """Marks the words of a hypothesis that do not align with words of the reference."""
    found, wanted = hypothesis.split(), reference.split()
    matcher = difflib.SequenceMatcher(None, found, wanted, autojunk=False)
    parts: list[Child] = []
    for kind, begin, end, _, _ in matcher.get_opcodes():
        text = " ".join(found[begin:end])
        if text:
            parts += [text if kind == "equal" else element("mark", text), " "]
    return parts or [note("nothing")]
