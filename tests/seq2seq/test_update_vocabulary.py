"""Runs that start from other runs, whatever vocabulary those had."""

import json

import numpy as np
import pytest

from pipelines.special_tokens import START
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers, save_tokenizers
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.checkpoints import Progress
from seq2seq.update_vocabulary import merged, update_vocabulary

OLD, NEW = Characters(list("abcd e")), Characters(list("fe dcbx"))  # a is gone, f and x are new
BOTH = "bcd e"


def save(folder, source, target=None):
    save_tokenizers(Tokenizers(source, target or source), folder)
    return folder


def make_recipe(folder, **sections):
    small = {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 16, "heads": 2}
    given = {
        "corpus": {"kind": "tab_separated", "paths": {"train": "train.tsv"}},
        "tokenizer": {"kind": "characters", "folder": str(folder)},
        "model": {"kind": "transformer", "tied": "all", **small},
        "optimizer": {"use_ema": True},
    }
    return Recipe({name: given.get(name, {}) | sections.get(name, {}) for name in given | sections})


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Makes a run whose weights are no initial ones, as if it were trained."""
    folder = tmp_path_factory.mktemp("runs")
    run = Run.start(folder / "old", make_recipe(save(folder / "characters", OLD)))
    trainer = run.trainer()
    for seed, weight in enumerate(trainer.model.weights):
        weight.assign_add(np.random.default_rng(seed).normal(scale=0.2, size=weight.shape))
    run.checkpoints.save(trainer, Progress(step=3))
    return run


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return save(tmp_path_factory.mktemp("tokenizers") / "characters", NEW)


@pytest.fixture(scope="module")
def updated(old, new, tmp_path_factory):
    """Makes a run of the old one with other characters."""
    # Whoever holds tokenizers may also name the run that has them.
    (new.parent / "run").mkdir()
    (new.parent / "run" / "tokenizers").symlink_to(new)
    folder = tmp_path_factory.mktemp("updated") / "run"
    return update_vocabulary(old.folder, folder, new.parent / "run", checkpoint="last")


def weights(model):
    return [np.array(weight) for weight in model.weights]


def assert_same(found, wanted):
    for one, other in zip(weights(found), weights(wanted), strict=True):
        np.testing.assert_array_equal(one, other)


def logits(run):
    """Says what a run predicts in a text of tokens that OLD and NEW know, of these tokens."""
    ids = np.array(run.tokenizers.target.tokenize([BOTH]).to_tensor())
    read = np.concatenate([[[START]], ids], axis=1)
    return np.array(run.model()({"source": ids, "target": read}))[..., ids[0]]


def test_a_run_starts_with_the_weights_of_another_but_once(old, tmp_path, capsys):
    other = tmp_path / "other"
    other.symlink_to(old.folder)
    start = {"start_from": str(other), "start_checkpoint": "3", "seed": 5}
    run = Run.start(tmp_path / "run", make_recipe(old.folder / "tokenizers", training=start))
    run.begin()
    other.unlink()
    trainer = run.trainer()
    assert run.checkpoints.restore(trainer).step == 0
    assert_same(trainer.model, old.model())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"started from {other}: ")
    assert line.endswith(" weights copied; target: 10 of 10 tokens known")


def test_a_start_that_is_not_there_is_refused_before_any_work(old, new, tmp_path):
    for start, fault in {
        tmp_path / "none": "holds no run",
        Run.start(tmp_path / "empty", make_recipe(new)).folder: "no checkpoint 'best'",
    }.items():
        recipe = make_recipe(new, training={"start_from": str(start)})
        run = Run.start(tmp_path / f"from_{start.name}", recipe)
        with pytest.raises(ValueError, match=fault):
            run.trainer()
        assert [path.name for path in run.folder.iterdir()] == ["recipe.json"]


def test_a_run_with_other_tokens_says_the_same_of_those_it_knew(old, updated):
    run = Run(updated)
    assert run.tokenizers.source.characters == NEW.characters and run.tokenizers.shared
    np.testing.assert_allclose(logits(run), logits(old), atol=1e-5, rtol=1e-5)
    assert run.checkpoints.steps() == [0]
    assert [path.name for path in updated.parent.iterdir()] == ["run"]


def test_the_new_runs_recipe_trains_it_further(old, updated):
    recipe = Recipe.read(updated / "recipe.json")
    assert Run.start(updated, recipe).recipe.sections == recipe.sections
    before, after = (
        json.loads((each / "recipe.json").read_text()) for each in (old.folder, updated)
    )
    assert after.pop("training") == {"start_from": str(old.folder), "start_checkpoint": "last"}
    assert after["tokenizer"].pop("folder") == str(updated / "tokenizers")
    del before["tokenizer"]["folder"]
    assert after == before


def test_merged_tokens_follow_the_old_ones_and_are_shared_where_both_were():
    both = merged(Tokenizers(OLD, OLD), Tokenizers(NEW, NEW))
    assert both.shared and both.target.characters == list("abcd efx")
    apart = merged(Tokenizers(OLD, OLD), Tokenizers(NEW, OLD))
    assert [side.size for side in apart] == [12, 10]


FAULTS = {
    "mode": ({"mode": "add"}, r"unknown mode 'add' \(known: replace, merge\)"),
    "no run": ({"old": "none"}, "none holds no run"),
    "checkpoint": ({"checkpoint": "7"}, "no checkpoint '7' .*known: best, last, 3"),
    "no tokenizers": ({"tokenizers": "none"}, "none holds no tokenizers"),
    "there already": ({"new": "full"}, "full is there already: name another folder"),
    "kind": ({"tokenizers": "bytes", "mode": "merge"}, "Bytes cannot be merged into Characters"),
    "sizes": ({"tokenizers": "unlike"}, "need one vocabulary for source and target"),
}


@pytest.mark.parametrize("changes, fault", FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_done_leaves_nothing_behind(old, new, tmp_path, changes, fault):
    save(tmp_path / "bytes", Bytes())
    save(tmp_path / "unlike", NEW, OLD)
    (tmp_path / "full" / "mine").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    given = {"old": old.folder, "new": tmp_path / "run", "tokenizers": new}
    paths = {name: tmp_path / changes[name] for name in given.keys() & changes.keys()}
    with pytest.raises(ValueError, match=fault):
        update_vocabulary(**given | changes | paths)
    assert sorted(tmp_path.rglob("*")) == before
