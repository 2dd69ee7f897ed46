"""Tests of reading vectors of words: every format gives the same words and numbers."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import save_facebook_model

from pipelines.vectors.word_vectors import WordVectors

WORDS = ["the", "dog", "naïve", "'s"]
MATRIX = np.array([[1, 2, 3], [0.5, -1, 0], [7, 8, 9.25], [-3, 0, 1]], np.float32)
LINES = "".join(
    f"{word} {' '.join(map(str, row))}\n" for word, row in zip(WORDS, MATRIX.tolist())
).encode()


def gensim_vectors():
    vectors = KeyedVectors(3)
    vectors.add_vectors(WORDS, MATRIX)
    return vectors


def write(path, kind):
    if kind == "GloVe":
        path.write_bytes(LINES)
    elif kind == "GloVe, compressed":
        path = path.with_suffix(".gz")
        path.write_bytes(gzip.compress(LINES))
    elif kind == "text":
        path.write_bytes(b"4 3\n" + LINES)
    elif kind == ".vec":  # with a space at the end of each line
        path.write_bytes(b"4 3\n" + LINES.replace(b"\n", b" \n"))
    elif kind == "binary":
        gensim_vectors().save_word2vec_format(str(path), binary=True)
    else:
        gensim_vectors().save(str(path))
    return path


@pytest.mark.parametrize("kind", ["GloVe", "GloVe, compressed", "text", ".vec", "binary", "gensim"])
def test_a_format_is_known_by_its_content(tmp_path, kind):
    vectors = WordVectors.read(write(tmp_path / "vectors", kind))
    assert vectors.words == WORDS
    np.testing.assert_array_equal(vectors.matrix, MATRIX)
    assert vectors.matrix.dtype == np.float32
    assert WordVectors.read(write(tmp_path / "vectors", kind), most=2).words == WORDS[:2]


def test_a_model_of_gensim_saves_its_vectors_alone_to_be_read(tmp_path):
    model = Word2Vec([["a", "b"], ["b", "a"]], vector_size=4, min_count=1, seed=1)
    model.save(str(tmp_path / "model"))
    with pytest.raises(ValueError, match="model.wv.save"):
        WordVectors.read(tmp_path / "model")
    model.wv.save(str(tmp_path / "vectors"), sep_limit=0)  # arrays in files of their own
    found = WordVectors.read(tmp_path / "vectors")
    np.testing.assert_array_equal(found.matrix, model.wv[found.words])


def test_a_file_that_names_code_is_refused_before_it_runs(tmp_path):
    class Bad:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "bad").write_bytes(pickle.dumps({"index_to_key": ["a"], "vectors": Bad()}, 4))
    with pytest.raises(ValueError, match="is not read"):
        WordVectors.read(tmp_path / "bad")
    assert not (tmp_path / "ran").exists()


def test_a_model_of_fasttext_is_read_as_the_vectors_of_its_words(tmp_path):
    model = FastText([["a", "bcd"]] * 5, vector_size=4, min_count=1, epochs=1, bucket=10)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    vectors = WordVectors.read(tmp_path / "model.bin")
    np.testing.assert_allclose(vectors.matrix[vectors.words.index("bcd")], model.wv["bcd"], 1e-5)


def test_words_with_spaces_inside_and_repeated_words_are_read(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("a 1 2 3\n. . . 4 5 6\na 7 8 9\n")
    vectors = WordVectors.read(path)
    assert vectors.words == ["a", ". . ."]
    np.testing.assert_array_equal(vectors.matrix, [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    "content,message",
    [
        (b"a 1 2 3\nb 1 2\n", "vectors:2: wanted a word and 3 numbers"),
        (b"a 1 2 3\nb 1 2 x\n", "vectors:2: wanted a word and 3 numbers"),
        (b"This is some text.\n", "vectors:1: wanted a word and"),
        (b"a 1 nan\n", "numbers that are not finite"),
        (b"4 3\nthe \x00\x00\x80?", "no whole file of word2vec's binary format"),
        (b"2 3\n", "has no vectors of words|no whole file"),
        (b"\x80\x04nothing", "is not what gensim saves"),
        (b"", "no vectors of words"),
    ],
)
def test_a_file_that_is_damaged_or_another_is_an_error(tmp_path, content, message):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        WordVectors.read(path)
