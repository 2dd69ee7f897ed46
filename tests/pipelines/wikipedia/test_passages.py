"""Tests of passages: which sentences are clean, and how they are put together."""

import pytest

from pipelines.wikipedia.passages import Passages, is_clean
from pipelines.wikipedia.templates import HOLE


@pytest.mark.parametrize(
    "sentence",
    [
        "He left.",
        '"He left," she said.',
        "(He left.)",
        "Élan (or not) is 3.5% rare!",
        "Who's 'he'?",
    ],
)
def test_whole_prose_is_clean(sentence):
    assert is_clean(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "he left.",
        "He left",
        "He left:",
        "He left (early.",
        "He left) early (.",
        "(Days of Glory) was recorded.",
        'He left" early.',
        "He [[left]].",
        "He {{left}}.",
        "He <b>left.",
        "He = left | right.",
        "See http://left.org or not.",
        f"He {HOLE} left.",
        "He saw the.",
        "The 1 2 3 4 5 6 7 8 9 10.",
        "",
        ".",
    ],
)
def test_anything_else_is_not(sentence):
    assert not is_clean(sentence)


def test_a_passage_is_a_sentence_unless_asked_otherwise():
    assert list(Passages().cut("A dog barks. The cat sat.")) == ["A dog barks.", "The cat sat."]


def test_passages_hold_at_most_so_many_sentences():
    cut = Passages(sentences=2).cut("A dog barks. The cat sat. The cow ran.")
    assert list(cut) == ["A dog barks. The cat sat.", "The cow ran."]


def test_passages_hold_at_most_so_many_characters():
    cut = Passages(sentences=9, characters=25).cut("A dog barks. The cat sat. The cow ran.")
    assert list(cut) == ["A dog barks. The cat sat.", "The cow ran."]


def test_sentences_around_one_that_is_not_clean_do_not_meet():
    cut = Passages(sentences=9).cut(f"A dog barks. The {HOLE} sat. The cow ran. The pig slept.")
    assert list(cut) == ["A dog barks.", "The cow ran. The pig slept."]


def test_sentences_with_too_many_or_too_few_words_are_left_out():
    cut = Passages(words=4).cut("Go. A dog barks at night. The cat sat down.")
    assert list(cut) == ["The cat sat down."]


def test_a_limit_below_one_is_an_error():
    with pytest.raises(ValueError, match="words must be at least 1, not 0"):
        Passages(words=0)
