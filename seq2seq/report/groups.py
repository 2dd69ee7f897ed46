"""Scores of some of the sentences."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from seq2seq.evaluation import bleu, chrf
from seq2seq.report.elements import figure, table
from seq2seq.report.material import Material
from seq2seq.report.words import words


def measure_groups(material: Material, groups: Mapping[str, Sequence[int]]) -> list[dict]:
    """Scores groups of sentences, given by their places; those without any are left out."""
    return [_measured(material, name, places) for name, places in groups.items() if places]


def _measured(material: Material, name: str, places: Sequence[int]) -> dict:
    references = [material.references[place] for place in places]
    row: dict = {"group": name, "sentences": len(places)}
    for system, texts in material.systems().items():
        hypotheses = [texts[place] for place in places]
        row[system] = {
            "bleu": bleu(hypotheses, references).value,
            "chrf": chrf(hypotheses, references).value,
            "length_ratio": length_ratio(hypotheses, references),
        }
    return row


def length_ratio(hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
    """Divides the words of hypotheses by those of their references; None if these have none."""
    found, wanted = (sum(len(words(text)) for text in side) for side in (hypotheses, references))
    return found / wanted if wanted else None


def show_groups(of: str, rows: Sequence[dict]) -> Element:
    """Makes a table of what `measure_groups` returned."""
    systems = [system for system in ("own", "other") if system in rows[0]]
    said = {"own": "", "other": ", other"}
    names = [f"{name}{said[system]}" for system in systems for name in ("BLEU", "chrF", "length")]
    figures = lambda row: (
        figure(row[system][name], digits)
        for system in systems
        for name, digits in (("bleu", 1), ("chrf", 1), ("length_ratio", 2))
    )
    cells = ([row["group"], f"{row['sentences']:,}", *figures(row)] for row in rows)
    return table([of, "sentences", *names], cells)
