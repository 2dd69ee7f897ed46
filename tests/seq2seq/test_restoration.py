import pytest

from seq2seq.restoration import case_accuracy, punctuation_f1, words

TEXT = 'In 1999, "Ann\'s" dog — a Beagle — barked! (Really?)'
BARE = "in 1999 anns dog a beagle barked really"


def test_a_text_is_its_own_best_restoration():
    assert case_accuracy([TEXT], [TEXT]) == punctuation_f1([TEXT], [TEXT]) == 100


def test_bare_words_have_no_punctuation_and_the_case_of_lower_case_words():
    assert punctuation_f1([BARE], [TEXT]) == 0
    # Of 8 words, "In", "Ann's", "Beagle" and "Really" have capitals.
    assert case_accuracy([BARE], [TEXT]) == 50


def test_marks_are_known_by_the_letters_before_them():
    (word,) = words('"Ab-c!"')
    assert word.letters == "Abc"
    assert word.marks == {(0, '"'): 1, (2, "-"): 1, (3, "!"): 1, (3, '"'): 1}


def test_marks_that_stand_alone_belong_to_the_word_before():
    assert words("yes — no !") == words("yes— no!")
    assert words("« yes") == words("«yes")


def test_case_is_counted_over_aligned_words_only():
    # "the" and "cat" align; the first has the wrong case.
    assert case_accuracy(["the new cat"], ["The cat sat."]) == 50


def test_punctuation_is_counted_at_its_place():
    assert punctuation_f1(["Yes no."], ["Yes, no."]) == pytest.approx(200 * 1 / 3)
    assert punctuation_f1(["Yes no,."], ["Yes, no."]) == pytest.approx(200 * 1 / 4)


def test_marks_of_words_that_align_nowhere_are_misses():
    assert punctuation_f1(["Perhaps."], ["No."]) == 0


def test_longer_corpora_are_counted_over_all_words():
    assert case_accuracy(["A b c", "D"], ["a b c", "d"]) == 50


def test_texts_without_words_or_marks_are_counted():
    assert case_accuracy([""], [""]) == 0
    assert punctuation_f1(["", "a"], ["", "a"]) == 100
    assert punctuation_f1(["..."], ["..."]) == 100
    assert punctuation_f1([""], ["a."]) == 0
