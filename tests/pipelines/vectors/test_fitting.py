"""Tests of fitting vectors of words to vocabularies."""

import numpy as np
import pytest

from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.cased_subwords import CasedSubwords
from pipelines.tokenizers.characters import Characters
from pipelines.tokenizers.subwords import Subwords
from pipelines.tokenizers.words import Words
from pipelines.vectors.fitting import CASE, MEAN, NONE, WORD, fit
from pipelines.vectors.word_vectors import WordVectors

WORDS = ["the", "play", "plays", "dog", ",", "."]
VECTORS = WordVectors(WORDS, np.arange(12, dtype=np.float32).reshape(6, 2) + 1)
TEXT = ["the play plays, the dog. The dog plays the play, (play) dogs."] * 20


def vector(word):
    return VECTORS.matrix[WORDS.index(word)]


def fitted(tokenizer):
    found = fit(VECTORS, tokenizer)
    assert found.vectors.shape == (tokenizer.size, 2)
    assert not found.vectors[found.origins == NONE].any()
    assert (found.origins[:4] == NONE).all()
    return {
        piece: (origin, row)
        for piece, origin, row in zip(tokenizer.pieces(), found.origins, found.vectors)
    }


def test_words_have_their_vectors_with_a_space_before_them_and_without():
    found = fitted(Words(["▁the", "▁The", "▁dog", "dog", ",", ".", "▁other"]))
    for piece, origin, word in [
        ("▁the", WORD, "the"),
        ("▁The", CASE, "the"),
        ("▁dog", WORD, "dog"),
        ("dog", WORD, "dog"),
        (",", WORD, ","),
        (".", WORD, "."),
    ]:
        assert found[piece][0] == origin
        np.testing.assert_array_equal(found[piece][1], vector(word))
    assert found["▁other"][0] == NONE


@pytest.mark.parametrize("kind", [Subwords, CasedSubwords])
def test_pieces_that_are_words_have_their_vectors(kind):
    found = fitted(kind.train(TEXT, size=290, model="bpe"))
    origin, row = found["▁the"]
    assert origin == WORD
    np.testing.assert_array_equal(row, vector("the"))


def test_a_piece_that_is_no_word_has_the_mean_of_the_words_it_is_in():
    tokenizer = Characters(list(" aehlopsty"))
    found = fitted(tokenizer)
    assert found["t"][0] == found["p"][0] == MEAN
    np.testing.assert_array_equal(found["t"][1], vector("the"))
    np.testing.assert_array_equal(found["p"][1], (vector("play") + vector("plays")) / 2)


def test_bytes_have_means_too():
    tokenizer = Bytes()
    origins = fit(VECTORS, tokenizer).origins
    assert (origins == MEAN).sum() + (origins == WORD).sum() == len(set("".join(WORDS)))


def test_coverage_is_said_in_a_line():
    said = str(fit(VECTORS, Words(["▁the", "▁The", "▁dog", "▁other"])))
    assert said == (
        "3 of 8 tokens have vectors: 2 are words, 1 are words in other capitals, "
        "0 are pieces of words"
    )
