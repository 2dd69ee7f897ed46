"""Tests of sentence splitting; "|" marks where sentences part."""

import pytest

from pipelines.wikipedia.sentences import JOINER, split_sentences

CASES = [
    "He left.|They stayed!|Why?|Nobody knows.",
    "He met Dr. Hu and Mr. J. R. R. Tolkien.|They left.",
    "It cost 3.5 dollars in No. 5 and vs. 7.",
    "The U.S. Army left the U.S.|They came home.",
    "He lived from c. 300 B.C. to the end.|In A.D. 20 he died.",
    'He said "I left."|She stayed.',
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
]


@pytest.mark.parametrize("marked", CASES)
def test_sentences_part_where_they_end(marked):
    assert split_sentences(marked.replace("|", " ")) == marked.split("|")


def test_a_mark_inside_a_title_ends_a_sentence_only_before_a_frequent_first_word():
    text = f"Yahoo!{JOINER} Japan is big. He likes Yahoo!{JOINER} They do not."
    assert split_sentences(text) == ["Yahoo! Japan is big.", "He likes Yahoo!", "They do not."]


def test_splitting_loses_nothing_but_space():
    text = "  A dog.  The (odd. Cat) sat? no. " + " ".join(CASES).replace("|", " ")
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_nothing_has_no_sentences():
    assert split_sentences("") == split_sentences(" ") == []
