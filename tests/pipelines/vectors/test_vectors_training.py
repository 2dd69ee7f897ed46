"""Tests of training vectors on prepared text."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from pipelines.vectors.training import Vectors, train_vectors
from pipelines.vectors.word_vectors import WordVectors
from pipelines.wikipedia.article import Article, Section, to_line
from pipelines.wikipedia.manifest import FORMAT

SMALL = Vectors(size=8, epochs=2, least_count=2)


@pytest.fixture
def folder(tmp_path):
    sentences = ["The Dog barks at noon.", "The cat doesn't bark."]
    line = to_line(Article(1, "Dog", [Section("", 1, [sentences])]))
    shards: dict[str, dict] = {f"train-{number}.jsonl": {} for number in range(2)}
    folder = tmp_path / "wikipedia"
    folder.mkdir()
    for name in shards:
        (folder / name).write_bytes((line + b"\n") * 20)
    splits = {"train": {"files": shards}, "valid": {"files": {}}, "test": {"files": {}}}
    (folder / "manifest.json").write_text(json.dumps({"format": FORMAT, "splits": splits}))
    return folder


def test_words_are_those_of_sentences_in_small_letters():
    article = Article(1, "", [Section("", 1, [["He said “No, Ann’s don't”.", "Why \ufffc?"]])])
    words = ["he", "said", "“", "no", ",", "ann’s", "don't", "”", "."]
    assert list(Vectors().words(article)) == [words, ["why", "?"]]
    assert list(Vectors(lower=False).words(article))[1] == ["Why", "?"]


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
@pytest.mark.parametrize("name", ["v.txt", "v.vec.gz", "v.bin"])
def test_vectors_of_all_frequent_words_are_trained_and_read_again(folder, tmp_path, kind, name):
    seen = []
    options = dataclasses.replace(SMALL, kind=kind)
    watch = lambda *progress: seen.append(progress)
    count = train_vectors(folder, tmp_path / name, options, processes=2, watch=watch)
    vectors = WordVectors.read(tmp_path / name)
    assert sorted(vectors.words) == sorted(
        ["the", "dog", "barks", "at", "noon", ".", "cat", "doesn't", "bark"]
    )
    assert count == 9 and vectors.matrix.shape == (9, 8)
    assert np.abs(vectors.matrix).max() > 0
    assert seen[0] == ("reading shards", 0, 2) and seen[-1] == ("training", 2, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "wikipedia"])


@pytest.mark.parametrize(
    "name,options,message",
    [
        ("v.npy", {}, "vectors are written as .txt, .vec"),
        ("v.bin.gz", {}, "vectors are written as .txt, .vec"),
        ("wikipedia", {}, "vectors are written as"),
        ("v.txt", {"least_count": 1000}, "no word occurs 1000 times: lower least_count"),
    ],
)
def test_what_cannot_be_trained_or_written_is_an_error(folder, tmp_path, name, options, message):
    with pytest.raises(ValueError, match=message):
        train_vectors(folder, tmp_path / name, Vectors(**options))
    assert [path.name for path in tmp_path.iterdir()] == ["wikipedia"]


def test_a_file_that_is_there_is_not_written_over(folder, tmp_path):
    (tmp_path / "v.txt").write_text("mine")
    with pytest.raises(ValueError, match="v.txt is there already"):
        train_vectors(folder, tmp_path / "v.txt")


def test_an_option_below_one_is_an_error():
    with pytest.raises(ValueError, match="window must be at least 1, not 0"):
        Vectors(window=0)


def test_the_command_writes_vectors(folder, tmp_path):
    arguments = [folder, "--output", tmp_path / "v.vec", "--size", 5, "--epochs", 1]
    command = [sys.executable, "-m", "pipelines", "vectors", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "9 words with 5 numbers each, written to" in done.stdout
    assert (tmp_path / "v.vec").read_text().startswith("9 5\n")
