"""Tests of passages: which sentences are clean, and how they are put together."""

import pytest

from pipelines.wikipedia.passages import Passages, is_clean

HOLE = "\ufffc"


@pytest.mark.parametrize(
    "sentence",
    [
        "He left.",
        '"He left," she said.',
        "(He left.)",
        "Élan (or not) is 3.5% rare!",
        "Who's 'he'?",
        "“He left,” she said, “and I stayed.”",
        "Er sagte „ja“ und ging.",
        "Powiedział „tak” i wyszedł.",
        "Han sade ”ja” och gick.",
        "Il dit « oui » et partit.",
        "¿Quién es (él)?",
        "他们昨天说「走」。",
        "彼は去った（昨日）。",
        "वह कल गया।",
        "هل جاء الرجل؟",
        "Они ушли…",
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
        "Er sagte „ja und ging.",
        "“He left.",
        "Han sade ”ja och gick.",
        "Il dit « oui et partit.",
        "他说「走。",
        "He (left [early).",
        "он ушёл.",
        "He saw the.",
        "The 1 2 3 4 5 6 7 8 9 10.",
        "",
        ".",
    ],
)
def test_anything_else_is_not(sentence):
    assert not is_clean(sentence)


PARAGRAPH = ["A dog barks.", "The cat sat.", "The cow ran."]


def test_a_passage_is_a_sentence_unless_asked_otherwise():
    assert list(Passages().cut(PARAGRAPH)) == PARAGRAPH


def test_passages_hold_at_most_so_many_sentences():
    cut = Passages(sentences=2).cut(PARAGRAPH)
    assert list(cut) == ["A dog barks. The cat sat.", "The cow ran."]


def test_passages_hold_at_most_so_many_characters():
    cut = Passages(sentences=9, characters=25).cut(PARAGRAPH)
    assert list(cut) == ["A dog barks. The cat sat.", "The cow ran."]
    cut = Passages(sentences=9, characters=24).cut(PARAGRAPH)
    assert list(cut) == PARAGRAPH


def test_sentences_around_one_that_is_not_clean_do_not_meet():
    sentences = ["A dog barks.", f"The {HOLE} sat.", "The cow ran.", "The pig slept."]
    assert list(Passages(sentences=9).cut(sentences)) == [
        "A dog barks.",
        "The cow ran. The pig slept.",
    ]


def test_sentences_with_too_many_or_too_few_words_are_left_out():
    cut = Passages(words=4).cut(["Go.", "A dog barks at night.", "The cat sat down."])
    assert list(cut) == ["The cat sat down."]


def test_two_characters_of_a_script_without_spaces_count_as_a_word():
    short, long = "他昨天走了。", "他昨天从北京来到上海，今天又走了。"
    assert list(Passages(sentences=2, words=5).cut([short, long, short])) == [short, short]
    assert list(Passages(sentences=2).cut([short, short])) == [short + short]


def test_a_limit_below_one_is_an_error():
    with pytest.raises(ValueError, match="words must be at least 1, not 0"):
        Passages(words=0)


def test_a_beginning_leaves_out_what_is_not_clean_and_ends_where_a_passage_would():
    sentences = ["A dog barks.", f"The {HOLE} sat.", "The cow ran.", "The pig slept."]
    assert Passages(sentences=2).beginning(sentences) == "A dog barks. The cow ran."
    assert Passages(sentences=9, characters=25).beginning(sentences) == "A dog barks. The cow ran."
    assert Passages().beginning(sentences[1:2]) == ""
