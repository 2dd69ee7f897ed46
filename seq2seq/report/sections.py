"""The sections of a report, in the order of its page."""

from seq2seq.report.attention import AttentionMaps
from seq2seq.report.copying import Copying
from seq2seq.report.lengths import Lengths
from seq2seq.report.over_and_under import OverAndUnder
from seq2seq.report.rare_words import RareWords
from seq2seq.report.repetition import Repetition
from seq2seq.report.scores import Scores
from seq2seq.report.section import Section
from seq2seq.report.sentences import Sentences
from seq2seq.report.significance import Significance

SECTIONS: dict[str, Section] = {
    "scores": Scores(),
    "significance": Significance(),
    "lengths": Lengths(),
    "rare_words": RareWords(),
    "repetition": Repetition(),
    "copying": Copying(),
    "over_and_under": OverAndUnder(),
    "sentences": Sentences(),
    "attention": AttentionMaps(),
}


def measure(material) -> dict[str, dict]:
    """Measures all sections that have something to say, as data that JSON can say."""
    found = {name: section.measure(material) for name, section in SECTIONS.items()}
    return {name: each for name, each in found.items() if each is not None}
