"""Embeddings begin with vectors of words, and the rest of a model with what it would have."""

import numpy as np
import pytest
from small_task import KINDS, SMALL

from pipelines.tokenizers.words import Words
from pipelines.vocabulary import Tokenizers, save_tokenizers
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.settings import Training
from seq2seq.training.start_from_vectors import start_from_vectors

TOKENIZER = Words(["▁the", "▁dog", "▁barks", "▁zzz"])
SHARED = Tokenizers(TOKENIZER, TOKENIZER)
WIDTH = 6


def make(**options):
    sizes = {"source_vocabulary": TOKENIZER.size, "target_vocabulary": TOKENIZER.size}
    return KINDS["lstm"](**SMALL["lstm"] | sizes | {"embedding": WIDTH} | options)


@pytest.fixture
def path(tmp_path):
    rows = np.random.default_rng(0).normal(size=(3, WIDTH)) * 7
    lines = [
        f"{word} {' '.join(map(str, row))}" for word, row in zip(["the", "dog", "barks"], rows)
    ]
    (tmp_path / "vectors.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "vectors.txt"


def test_known_words_get_their_vectors_as_large_as_initial_values(path):
    model = make(tied="none")
    before = {weight.path: np.array(weight) for weight in model.weights}
    (said,) = start_from_vectors(model, SHARED, {"source": path})
    assert said.startswith("source embedding from ") and "3 of 8 tokens have vectors" in said
    vectors = np.loadtxt([line.partition(" ")[2] for line in path.read_text().splitlines()])
    for weight in model.weights:
        own, was = np.array(weight), before[weight.path]
        if weight is not model.source_embedding.vectors:
            np.testing.assert_array_equal(own, was)
            continue
        np.testing.assert_array_equal(own[[0, 1, 2, 3, 7]], was[[0, 1, 2, 3, 7]])
        np.testing.assert_allclose(own[4:7], vectors * was.std() / vectors.std(), rtol=1e-5)


def test_a_shared_embedding_takes_one_file(path):
    model = make(tied="all")
    start_from_vectors(model, SHARED, {"target": path})
    assert model.source_embedding is model.target_embedding
    with pytest.raises(ValueError, match="share their embedding: name word_vectors for one"):
        start_from_vectors(model, SHARED, {"source": path, "target": path})


def test_words_that_the_vocabulary_lacks_change_nothing(tmp_path, path):
    model = make(tied="none")
    before = np.array(model.source_embedding.vectors)
    path.write_text(path.read_text().replace("the", "une").replace("dog", "chien"))
    path.write_text("\n".join(f"w{line}" for line in path.read_text().splitlines()))
    start_from_vectors(model, SHARED, {"source": path})
    np.testing.assert_array_equal(before, np.array(model.source_embedding.vectors))


def test_vectors_of_another_width_and_other_sides_are_errors(tmp_path, path):
    model = make(tied="none")
    narrow = tmp_path / "narrow.txt"
    narrow.write_text("the 1 2\n")
    with pytest.raises(ValueError, match="narrow.txt has vectors of 2 numbers, the source embed"):
        start_from_vectors(model, SHARED, {"source": narrow})
    with pytest.raises(ValueError, match="for source or target, not for 'output'"):
        start_from_vectors(model, SHARED, {"output": path})


def test_a_run_keeps_vectors_frozen_and_goes_on_without_their_file(tmp_path, path, capsys):
    save_tokenizers(SHARED, tmp_path / "words")
    sections = {
        "corpus": {"kind": "tab_separated", "paths": {"train": "train.tsv"}},
        "tokenizer": {"kind": "words", "folder": str(tmp_path / "words")},
        "model": {"kind": "lstm", "tied": "none", "embedding": WIDTH, "units": 8},
        "training": {"word_vectors": {"source": str(path)}, "freeze": ["source_embedding"]},
    }
    run = Run.start(tmp_path / "run", Recipe(sections))
    run.begin()
    assert "3 of 8 tokens have vectors" in capsys.readouterr().err
    path.unlink()
    trainer = Run(run.folder).trainer()
    assert run.checkpoints.restore(trainer).step == 0
    begun = run.model("0").source_embedding.vectors
    np.testing.assert_array_equal(np.array(trainer.model.source_embedding.vectors), begun)
    assert not trainer.model.source_embedding.trainable_variables
    assert trainer.model.target_embedding.trainable_variables


def test_a_run_starts_from_another_or_from_vectors():
    with pytest.raises(ValueError, match="start_from and word_vectors both say"):
        Training(start_from="runs/old", word_vectors={"source": "vectors.txt"})
