"""Tests of sentence splitting; "|" marks where sentences part."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencex import segment

from pipelines.wikipedia.abbreviations import ABBREVIATIONS
from pipelines.wikipedia.sentences import JOINER, LONGEST, join_sentences, split_sentences

ENGLISH = [
    "He left.|They stayed!|Why?|Nobody knows.",
    "He met Dr. Hu and Mr. J. R. R. Tolkien.|They left.",
    "It cost 3.5 dollars in No. 5 and vs. 7.",
    "The U.S. Army left the U.S.|They came home.",
    "A pro-U.S. stance, see p. 5 and pp. 7 to 9.",
    "He lived from c. 300 B.C. to the end.|In A.D. 20 he died.",
    'He said "I left."|She stayed.',
    'He said "I left. You did not." and went.|She stayed.',
    "(He left.)|She stayed.",
    "He left (see Fig. 2. It shows all) early.|She stayed.",
    "It has apples, pears, etc.|The rest is lost.",
    "It has apples, pears, etc. and more.",
    "He came at 5 p.m. Monday.",
    "William Jr. and Apple Inc. met.",
    "There are three: 1. Apples; 2. Pears; and 3. Plums.",
    "He has 8 and 9.|This is all.",
    "Élan is rare.|Über is not.|Żaba is.",
    "One... two ...|Three.",
    "The film E. T. A. Hoffmann saw.",
    "Jeopardy! was big.|It was on at 8.",
]
OTHERS = [
    ("ar", "ذهب.|هل جاء؟|نعم."),
    ("ca", "El Dr. Puig va néixer a Pau.|Va morir."),
    ("da", "Den 2. verdenskrig sluttede i 1945.|Så kom freden."),
    ("de", "Am 3. Oktober kam Dr. Hu z. B. nach Berlin.|Er blieb."),
    ("de", "Der 2. Weltkrieg begann 1939.|Ludwig XIV. Bourbon war tot."),
    ("es", "El Sr. García vive en EE. UU. desde 1990.|¿Quién es?|¡Hola!"),
    ("fr", "M. Dupont est né en 50 av. J.-C. à Paris.|Il est mort."),
    ("hi", "वह गया।|वह आया।"),
    ("it", "Il sig. Rossi visse a S. Vito nel sec. V a.C. circa.|Morì lì."),
    ("it", "La dott. Rossi e il geom. Verdi partono.|Restano."),
    ("it", "Vedi l'art. 5 della legge.|L'uomo partì."),
    ("ru", "И. И. Иванов родился в 1990 г. в Москве.|Он умер."),
    ("no such language", "Dr. Hu left.|She stayed."),
]


@pytest.mark.parametrize("language,marked", [("en", marked) for marked in ENGLISH] + OTHERS)
def test_sentences_part_where_they_end(language, marked):
    assert split_sentences(marked.replace("|", " "), language) == marked.split("|")


def test_sentences_part_without_a_space_where_their_script_has_none():
    assert split_sentences("他走了。再见!她来了。", "zh") == ["他走了。", "再见!她来了。"]
    assert split_sentences("「行く。」と言った。去った。", "ja") == [
        "「行く。」と言った。",
        "去った。",
    ]


def test_a_mark_inside_a_title_ends_a_sentence_only_before_a_frequent_first_word():
    text = f"Yahoo!{JOINER} Japan is big. He likes Why Not?{JOINER} They do not."
    assert split_sentences(text) == ["Yahoo! Japan is big.", "He likes Why Not?", "They do not."]


def test_a_paragraph_longer_than_sentencex_bears_splits_in_the_same_places():
    sentences = [f"Dr. Hu saw {number} of them near the U.S. Capitol." for number in range(300)]
    text = " ".join(sentences)
    assert len(text) > 3 * LONGEST
    assert split_sentences(text) == sentences


def test_nothing_has_no_sentences():
    assert split_sentences("") == split_sentences(" ") == []


def test_an_unpaired_quotation_mark_each_word_is_split_as_fast_as_anything():
    assert len(split_sentences("“a. " * 25_000)) == 1  # takes sentencex minutes in one piece


@pytest.mark.parametrize("language", ABBREVIATIONS)
def test_the_abbreviations_written_down_are_those_of_the_library(language):
    some = sorted(ABBREVIATIONS[language])[::40]
    for word in [*some, *(word.capitalize() for word in some), "hund", "casa", "tornar", "vejret"]:
        goes_on = len(segment(language, f"Then {word}. Then")) == 1
        assert (word.lower() in ABBREVIATIONS[language]) == goes_on, word


marks = st.sampled_from(
    [*"aB1 .!?\"'()“”«»「」。।،؟\n\u2060…[];", ". ", " A", "Dr. ", "。」", '" ']
)
languages = st.sampled_from(["en", "it", "de", "ja", "xx"])


@settings(max_examples=200, deadline=None)
@given(st.lists(marks, max_size=60), languages)
def test_splitting_loses_nothing_but_space(parts, language):
    text = "".join(parts)
    sentences = split_sentences(text, language)
    assert all(sentence == sentence.strip() != "" for sentence in sentences)
    assert "".join("".join(sentences).split()) == "".join(text.replace(JOINER, "").split())


@settings(max_examples=200, deadline=None)
@given(st.lists(marks.filter(lambda mark: mark not in "।。」"), max_size=60), languages)
def test_sentences_joined_are_the_paragraph(parts, language):
    text = " ".join("".join(parts).replace(JOINER, "").split())
    assert join_sentences(split_sentences(text, language)) == text


def test_joined_sentences_have_a_space_where_their_script_has():
    assert join_sentences(["He left.", "Why?"]) == "He left. Why?"
    assert join_sentences(["他走了。", "「再见。」", "A."]) == "他走了。「再见。」A."
    assert join_sentences([]) == ""
