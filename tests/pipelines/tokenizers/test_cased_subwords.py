import unicodedata

import pytest
import tensorflow as tf

from pipelines.tokenizers.cased_subwords import MARK, CasedSubwords, lowered, raised

TEXTS = ["The cat saw the NATO cat.", "the Cat saw McDonald and the cat", "a b c d"]


@pytest.fixture(scope="module")
def tokenizer():
    return CasedSubwords.train(TEXTS * 20, size=320)


def test_a_mark_stands_before_the_space_of_a_word():
    marked = lowered(tf.constant(["a Bee", "The US", "", " two  Spaces"])).numpy()
    wanted = [f" a{MARK} bee", f"{MARK} the{MARK} u{MARK}s", "", f"  two {MARK} spaces"]
    assert [text.decode() for text in marked] == wanted


def test_what_was_lowered_is_raised_again():
    texts = ["a Bee", "The US", "", "iPhone 5S", "ÄÖÜ äöü Σίσυφος", "1 A"]
    spaced = [f" {text}" if text else "" for text in texts]
    assert [text.decode() for text in raised(lowered(tf.constant(texts))).numpy()] == spaced


def test_a_word_is_the_same_pieces_whatever_its_case(tokenizer):
    small, capital = tokenizer.tokenize(tf.constant(["the cat", "The cat"])).to_list()
    mark = capital[0]
    assert tokenizer.tokens(tf.constant([mark])).numpy()[0].decode() == MARK
    assert capital[1:] == small


def test_every_capital_comes_back_but_those_the_docstring_names(tokenizer):
    letters = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Lu"]
    exact = [letter for letter in letters if letter.lower().upper() == letter]
    back = tokenizer.detokenize(tokenizer.tokenize(tf.constant(exact))).numpy()
    assert [text.decode() for text in back] == exact
    assert len(letters) - len(exact) < 10


def test_a_mark_in_the_text_becomes_a_plain_arrow(tokenizer):
    back = tokenizer.detokenize(tokenizer.tokenize(tf.constant([f"a {MARK}b"])))
    assert back.numpy()[0].decode() == "a \u2191b"
