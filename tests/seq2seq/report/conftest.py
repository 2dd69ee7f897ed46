"""A small evaluation, whose figures are worked by hand in the tests."""

import numpy as np
import pytest

from seq2seq.details import Details
from seq2seq.evaluation import Evaluation
from seq2seq.report.material import Material
from seq2seq.report.words import count_words

SOURCES = ["Anna saw 3 cats .", "the <script>alert(1)</script> dog", "a b", "rain"]
REFERENCES = ["Anna sah 3 Katzen .", "der Hund", "x y x y", "Regen"]
HYPOTHESES = ["Anna saw 3 Katzen .", "der <b>Hund</b> & der Hund", "x y x y x y x", ""]
TRAINING = [("the dog saw the rain", "der Hund sah der Regen"), ("a cats", "Katzen x .")]


def explain(pairs):
    """Each target piece reads the source piece at its place, and the last reads what is left."""
    found = []
    for source, target in pairs:
        sides = [*source.split(), "</s>"], [*target.split(), "</s>"]
        weights = np.eye(len(sides[1]), len(sides[0]), dtype="float32")
        found.append(Details(*sides, True, [-0.5] * len(sides[1]), weights))
    return found


@pytest.fixture
def material():
    """Makes the material of the texts above, or of others."""

    def make(hypotheses=HYPOTHESES, references=REFERENCES, sources=SOURCES, **given):
        result = Evaluation({}, len(sources), 12, 14, 10, 2.0, list(hypotheses))
        known = {
            "lengths": [len(source.split()) for source in sources],
            "counts": count_words(TRAINING, most=100),
            "explain": explain,
        }
        return Material(sources, references, result, **{**known, **given})

    return make
