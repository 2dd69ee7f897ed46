"""Quality by how often words were seen in training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.report.elements import element, figure, note, percent, table
from seq2seq.report.groups import measure_groups, show_groups
from seq2seq.report.material import Material
from seq2seq.report.section import Section
from seq2seq.report.words import WordCounts, is_word, words

NEVER, RARE, OTHERS = "a word never seen", "a rare word", "frequent words alone"


@dataclass(frozen=True)
class RareWords(Section):
    """Counts words by their frequency in training, and sentences by the rarest of their source.

    Args:
        edges: frequencies that a class of words begins with; the first class are those never seen.
        rare: a word seen at most so often is rare.
        listed: how many invented words are named.
    """

    edges: tuple[int, ...] = (1, 2, 5, 10, 100, 1000)
    rare: int = 4
    listed: int = 20
    title = "Rare and unknown words"
    about = (
        "Words of references by how often the targets of training have them: how many of them the "
        "hypotheses have too (recall), and how many of the hypotheses' are right (precision), each "
        "word counted in its own sentence. Words are compared whatever their case."
    )

    def measure(self, material: Material) -> dict | None:
        if material.counts is None:
            return None
        return {
            "training_pairs": material.counts.pairs,
            "rare": self.rare,
            "words": self._classes(material, material.counts),
            "groups": measure_groups(material, self._groups(material, material.counts)),
            "invented": self._invented(material, material.counts),
        }

    def show(self, found: dict):
        head = "seen in training", "in references", "in hypotheses", "precision", "recall", "F1"
        rows = found["words"]
        figures = lambda row: (percent(row[name]) for name in ("precision", "recall", "f1"))
        counts = lambda row: (figure(row[name], 0) for name in ("references", "hypotheses"))
        yield table(head, ([row["seen"], *counts(row), *figures(row)] for row in rows))
        yield note(
            f"Sentences by the rarest word of their source; one seen at most {found['rare']} times "
            f"in {found['training_pairs']:,} pairs of training is rare."
        )
        yield show_groups("the source has", found["groups"])
        if found["invented"]:
            yield note(
                "Words that neither training, nor the source, nor the reference has, and how often "
                "they were written:"
            )
            said = (f"{each['word']} ({each['times']})" for each in found["invented"])
            yield element("p", ", ".join(said), dir="auto")

    def _classes(self, material: Material, counts: WordCounts) -> list[dict]:
        names = [self._name(place) for place in range(len(self.edges) + 1)]
        totals = {name: Counter[str]() for name in names}
        for hypothesis, reference in zip(material.hypotheses, material.references):
            found, wanted = Counter(words(hypothesis)), Counter(words(reference))
            for kind, bag in (
                ("hypotheses", found),
                ("references", wanted),
                ("matched", found & wanted),
            ):
                for word, times in bag.items():
                    place = sum(counts.target[word] >= edge for edge in self.edges)
                    totals[names[place]][kind] += times
        return [{"seen": name, **_rates(total)} for name, total in totals.items()]

    def _groups(self, material: Material, counts: WordCounts) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = {NEVER: [], RARE: [], OTHERS: []}
        for place, source in enumerate(material.sources):
            least = min((counts.source[word] for word in words(source)), default=self.rare + 1)
            name = NEVER if least == 0 else RARE if least <= self.rare else OTHERS
            groups[name].append(place)
        return groups

    def _invented(self, material: Material, counts: WordCounts) -> list[dict]:
        invented = Counter[str]()
        texts = zip(material.sources, material.references, material.hypotheses)
        for source, reference, hypothesis in texts:
            known = {*words(source), *words(reference)}
            written = (word for word in words(hypothesis) if is_word(word) and word not in known)
            invented.update(word for word in written if not counts.target[word])
        most = invented.most_common(self.listed)
        return [{"word": word, "times": times} for word, times in most]

    def _name(self, place: int) -> str:
        ends: Sequence[int] = (0, *self.edges)
        if place == 0:
            return "never"
        if place == len(self.edges):
            return f"{ends[place]:,} and more"
        last = ends[place + 1] - 1
        return f"{ends[place]:,}" if last == ends[place] else f"{ends[place]:,} to {last:,}"


def _rates(total: Counter) -> dict:
    found, wanted, matched = (total[name] for name in ("hypotheses", "references", "matched"))
    share = lambda whole: 100 * matched / whole if whole else None
    f1 = 200 * matched / (found + wanted) if found + wanted else None
    rates = {"precision": share(found), "recall": share(wanted), "f1": f1}
    return {"references": wanted, "hypotheses": found, "matched": matched, **rates}
