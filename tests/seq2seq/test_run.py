import json
import random
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from seq2seq.decoding.speculative_search import SpeculativeSearch
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.checkpoints import TRAINING
from seq2seq.training.lasting import Lasting
from seq2seq.training.schedules import scale_of
from seq2seq.training.trainer import Trainer

WORDS = "the cat dog sat ran on mat to a from red old".split()
STEPS, EVERY = 6, 4


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    draw = random.Random(0)
    for split, count in {"train": 60, "valid": 6}.items():
        lines = [" ".join(draw.choices(WORDS, k=draw.randint(1, 6))) for _ in range(count)]
        (folder / f"{split}.tsv").write_text("".join(f"{line}\t{line}\n" for line in lines))
    return folder


def make_recipe(corpus, **training):
    paths = {split: f"{split}.tsv" for split in ("train", "valid")}
    small = {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 16, "heads": 2}
    return Recipe(
        {
            "corpus": {"kind": "tab_separated", "paths": paths, "folder": str(corpus)},
            "tokenizer": {"kind": "subwords", "size": 290},
            "model": {"kind": "transformer", "dropout": 0.3, "attention_dropout": 0.2, **small},
            "batches": {"tokens": 100, "buffer": 50, "pool": 30},
            "optimizer": {"use_ema": True},
            "generator": {"max_target": 4},
            "training": {"steps": STEPS, "every": EVERY, "lines": 2} | training,
        }
    )


class Interrupt(keras.callbacks.Callback):
    """Presses Ctrl-C when an update has ended."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.after:
            signal.raise_signal(signal.SIGINT)


def train(folder, recipe, *callbacks):
    with open("/dev/null", "w") as nowhere:
        return Run.start(folder, recipe).train(callbacks, Console(file=nowhere))


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return folder, train(folder, make_recipe(corpus))


def test_a_run_leaves_all_that_is_needed_afterwards(trained):
    folder, progress = trained
    assert progress.step == STEPS and progress.target_tokens > 0
    assert set(progress.metrics) == {"loss", "accuracy", "perplexity", "bleu"}
    names = {path.name for path in folder.iterdir()}
    wanted = {"recipe.json", "tokenizers", "records", "checkpoints", "metrics.jsonl", "tensorboard"}
    assert names == wanted
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [EVERY, STEPS]
    assert {"loss", "val_loss", "val_bleu", "learning_rate"} <= lines[0].keys()
    assert any((folder / "tensorboard").iterdir())


def test_training_again_finds_nothing_left_to_do(trained, corpus):
    folder, progress = trained
    assert train(folder, make_recipe(corpus)) == progress


def test_stopped_and_gone_on_equals_never_stopped(trained, corpus, tmp_path):
    whole, _ = trained
    recipe = make_recipe(corpus)
    run = Run.start(tmp_path / "run", recipe)
    before = run.tokenizers.source.tokenize(tf.constant(["the cat"]))
    with pytest.raises(KeyboardInterrupt) as stopped:
        with open("/dev/null", "w") as nowhere:
            run.train([Interrupt(after=3)], Console(file=nowhere))
    assert str(stopped.value) == "stopped at update 3; the same command goes on"
    # Seeding must not destroy what TensorFlow holds for tokenizers that are in use.
    assert run.tokenizers.source.tokenize(tf.constant(["the cat"])).to_list() == before.to_list()
    random.seed(99)
    assert train(tmp_path / "run", recipe).step == STEPS
    paths = [folder / "checkpoints" / str(STEPS) / TRAINING for folder in (whole, tmp_path / "run")]
    arrays = [np.load(path) for path in paths]
    assert arrays[0].files == arrays[1].files
    for name in arrays[0].files:
        np.testing.assert_array_equal(arrays[0][name], arrays[1][name])


def test_a_trained_run_generates(trained):
    generator = Run(trained[0]).generator("last")
    assert len(list(generator.generate(["the cat", "a dog"]))) == 2


def test_runs_are_joined_and_the_weights_of_each_checkpoint_taken(trained):
    folder, first = trained[0], EVERY
    joined = Run(folder).generator("last", [f"{folder}@{first}"], "geometric", [2, 1]).model
    alone = [Run(folder).model(checkpoint) for checkpoint in ("last", str(first))]
    assert joined.mean == "geometric" and joined.shares == [2 / 3, 1 / 3]
    for model, wanted in zip(joined.models, alone, strict=True):
        for weight, other in zip(model.weights, wanted.weights, strict=True):
            np.testing.assert_array_equal(weight, other)
    with pytest.raises(ValueError, match="no run"):
        Run(folder).generator("last", ["no/such/run@best"])


def test_a_run_generates_faster_with_another_that_guesses(trained):
    folder, texts = trained[0], ["the cat", "a dog"]
    run = Run(folder, ["search.width=1", "search.length_penalty=0.0"])
    drafted = run.generator("last", draft=f"{folder}@{EVERY}")
    assert isinstance(drafted.search, SpeculativeSearch)
    for weight, other in zip(drafted.model.draft.weights, run.model(str(EVERY)).weights):
        np.testing.assert_array_equal(weight, other)
    alone = [one.text for one in run.generator("last").generate(texts)]
    assert [one.text for one in drafted.generate(texts)] == alone
    with pytest.raises(ValueError, match="SpeculativeSearch finds one target a sentence, not 2"):
        run.generator("last", nbest=2, draft=str(folder))


def test_the_same_recipe_opens_a_run_again(corpus, tmp_path):
    recipe = make_recipe(corpus, scores=("bleu",))
    first = Run.start(tmp_path / "a" / "run", recipe)
    again = Run.start(tmp_path / "a" / "run", make_recipe(corpus, scores=("bleu",)))
    assert again.recipe.sections == Run(first.folder).recipe.sections


def test_a_recipe_says_which_checkpoints_are_kept(corpus, tmp_path):
    kept = Run.start(tmp_path, make_recipe(corpus, metric="bleu", keep_last=3, keep_best=4))
    found = kept.checkpoints.metric, kept.checkpoints.keep_last, kept.checkpoints.keep_best
    assert found == ("bleu", 3, 4)


def test_another_recipe_is_refused(corpus, tmp_path):
    Run.start(tmp_path, make_recipe(corpus))
    other = make_recipe(corpus, steps=9, seed=2)
    other.sections["search"] = {"width": 2}
    with pytest.raises(ValueError, match="search.width, training.seed, training.steps"):
        Run.start(tmp_path, other)


def test_a_folder_with_other_files_is_refused(corpus, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="is there already and holds no run"):
            Run.start(path, make_recipe(corpus))
    with pytest.raises(ValueError, match=r"holds no run \(recipe.json is missing\)"):
        Run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_how_a_trained_run_searches_may_be_changed_but_not_what_it_is(trained):
    folder, _ = trained
    assert Run(folder, ["search.width=7"]).recipe.search.width == 7
    assert Run(folder).recipe.search.width != 7
    with pytest.raises(ValueError, match="only corpus, search, generator may be changed"):
        Run(folder, ["model.units=16"])


def test_what_watches_over_training_is_as_the_recipe_says(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "fit", lambda trainer, _, **given: given | {"trainer": trainer})
    watch = {"freeze": ["encoder_*"], "spike": 4, "patience": 3, "least_gain": 0.5}
    recipe = make_recipe(corpus, **watch)
    recipe.sections["schedule"] = {"kind": "plateau", "factor": 0.25}
    given = train(tmp_path / "run", Recipe(recipe.sections))
    model, guard = given["trainer"].model, given["trainer"].guard
    trained = {variable.path.partition("/")[0] for variable in model.trainable_variables}
    assert "decoder_0" in trained and "encoder_0" not in trained
    assert (guard.spike, guard.keep.folder) == (4, tmp_path / "run" / "refused")
    guard.rescale(0.5)
    assert float(scale_of(given["trainer"].optimizer).value) == 0.5
    stop, lower = [each for each in given["callbacks"] if isinstance(each, Lasting)]
    assert (stop.metric, stop.patience, stop.least_gain) == ("loss", 3, 0.5)
    assert (lower.metric, lower.patience, lower.least_gain, lower.factor) == ("loss", 2, 0.5, 0.25)


def test_who_waits_for_a_metric_needs_a_split_to_measure_it_on(corpus, tmp_path):
    with pytest.raises(ValueError, match=r"loss .* no split 'dev' .*\(known: train, valid\)"):
        train(tmp_path / "run", make_recipe(corpus, patience=1, valid="dev"))
