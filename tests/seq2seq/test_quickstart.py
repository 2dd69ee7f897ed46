"""The quickstart on a dump of a few articles, with a tiny model, through all of its stages."""

import io
import itertools
import json
import shlex
import signal
import types

import keras
import pytest
import tensorflow as tf
from rich.console import Console

from pipelines.wikipedia.held_out import HeldOut
from seq2seq import quickstart as module
from seq2seq.quickstart import METRICS, quickstart
from seq2seq.recipe import Recipe
from seq2seq.run import Run

PAGE = "<page><title>{0}</title><ns>0</ns><id>1</id><revision><text>{1}</text></revision></page>"
TEXT = "In the year {n}, {name} didn't live here. Was it the {name} of Paris, or of Rome?"
TINY = [
    "tokenizer.size=330",
    "model.units=8",
    "model.embedding=8",
    "model.decoder_layers=1",
    "batches.tokens=256",
    "training.steps=6",
    "training.every=3",
    "training.precision=float32",
    "generator.margin=1",
    "generator.ratio=1.0",
]


class Interrupt(keras.callbacks.Callback):
    """Is Ctrl-C in the fourth update."""

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 3:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Writes a dump with 20 articles to learn from, 2 to validate and 4 to test on."""
    path = tmp_path_factory.mktemp("dump") / "small.xml"
    left = {"train": 20, "valid": 2, "test": 4}
    names = (f"{first}{last}" for first, last in itertools.product(MAKERS, MAKERS.lower()))
    chosen = []
    for name in names:
        split = HeldOut().split(name)
        if left[split]:
            left[split] -= 1
            chosen.append(name)
    assert not any(left.values())
    pages = [PAGE.format(name, TEXT.format(n=1900 + n, name=name)) for n, name in enumerate(chosen)]
    path.write_text(f"<mediawiki>{''.join(pages)}</mediawiki>")
    return path


MAKERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def start(folder, dump, **given):
    """Calls the quickstart in a folder -> (version, what it said)."""
    said = io.StringIO()
    changes = [*TINY, f"corpus.folder={folder / 'text'}", *given.pop("changes", [])]
    console = Console(file=said, width=100)
    model = folder / "restore it"
    version = quickstart(
        folder / "run", model, dump=dump, changes=changes, console=console, **given
    )
    return version, said.getvalue()


@pytest.fixture(scope="module")
def first(tmp_path_factory, dump):
    folder = tmp_path_factory.mktemp("first")
    version, said = start(folder, dump)
    return types.SimpleNamespace(folder=folder, version=version, said=said)


@pytest.fixture
def no_export(monkeypatch, first):
    """Spares the check of an export, which is slow, where something else is tried."""
    monkeypatch.setattr(module, "export", lambda generator, folder, samples, about: first.version)


def test_all_that_a_user_would_have_is_there(first):
    wanted = ["text/manifest.json", "run/tokenizers", "run/checkpoints/6", "run/results/test.json"]
    assert all((first.folder / name).exists() for name in wanted)
    assert first.version == first.folder / "restore it" / "1"
    results = json.loads((first.folder / "run/results/test.json").read_text())
    assert set(results["scores"]) == set(METRICS)
    assert results["sentences"] == 8


def test_every_stage_is_announced_with_its_number_and_time(first):
    lines = first.said.splitlines()
    heads = [line for line in lines if line[:3] in [f"{n}/6" for n in range(1, 10)]]
    assert [line[0] for line in heads] == list("123456")
    assert sum(line.strip().endswith(" s") and line[4].isdigit() for line in lines if line) >= 6


def test_the_table_sets_every_metric_beside_the_baseline(first):
    for name in METRICS.values():
        (row,) = [line for line in first.said.splitlines() if f" {name} " in line]
        assert len([cell for cell in row.split() if cell.replace(".", "").isdigit()]) == 2


def test_the_exported_model_answers_as_was_shown(first):
    lines = [line.strip().partition(" ") for line in first.said.splitlines()]
    asked = [text.strip() for name, _, text in lines if name == "asked"]
    shown = [text.strip() for name, _, text in lines if name == "answer"]
    assert len(asked) == 3
    serve = tf.saved_model.load(str(first.version)).signatures["serving_default"]
    answers = serve(text=tf.constant(asked))["text"].numpy()
    assert [answer.decode().strip() for answer in answers] == shown


def test_the_commands_that_serve_are_whole_lines_for_a_shell(first):
    docker, curl = map(shlex.split, first.said.strip().splitlines()[-2:])
    folder = first.folder / "restore it"
    assert docker[:2] == ["docker", "run"] and docker[-1] == "tensorflow/serving"
    assert f"{folder}:/models/restore it" in docker and "MODEL_NAME=restore it" in docker
    assert curl[-1] == "localhost:8501/v1/models/restore it:predict"
    assert isinstance(json.loads(curl[2])["instances"][0], str)


def test_a_second_call_trains_no_more_and_says_so(first, dump, no_export):
    log = first.folder / "run/metrics.jsonl"
    before = log.read_text()
    _, said = start(first.folder, dump)
    assert "done already: 6 updates" in said and "there already" in said
    assert log.read_text() == before


def test_after_an_interrupt_the_same_call_goes_on(first, dump, tmp_path, monkeypatch, no_export):
    train = Run.train
    with monkeypatch.context() as patch:
        patch.setattr(Run, "train", lambda run, console: train(run, (Interrupt(),), console))
        with pytest.raises(
            KeyboardInterrupt, match="^stopped at update 4; the same command goes on$"
        ):
            start(tmp_path, dump)
    _, said = start(tmp_path, dump)
    assert "going on after 4 updates" in said
    assert Run(tmp_path / "run").checkpoints.last() == 6


def test_an_interrupt_elsewhere_says_that_the_same_call_goes_on(first, dump, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "evaluate", interrupt)
    with pytest.raises(KeyboardInterrupt, match="^stopped; the same command goes on$"):
        start(first.folder, dump)


def test_a_model_that_learnt_too_little_is_not_praised(first):
    assert "no better than the text as it came in chrF, BLEU" in first.said


def test_articles_of_another_dump_are_refused(first, dump, tmp_path):
    other = tmp_path / "other.xml"
    other.write_text(dump.read_text())
    with pytest.raises(ValueError, match=r"text is there already, made otherwise \(dump.name was"):
        start(first.folder, other)


def test_another_recipe_is_refused_before_any_work(first, dump):
    with pytest.raises(ValueError, match="holds a run of another recipe"):
        start(first.folder, dump, changes=["model.dropout=0.3"])


@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_no_time_is_refused(minutes, dump, tmp_path):
    with pytest.raises(ValueError, match="more than 0 minutes"):
        start(tmp_path, dump, minutes=minutes)
    assert not any(tmp_path.iterdir())


def test_minutes_change_the_recipe(dump, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "prepare", stop)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path, dump, minutes=2.5)
    assert Run(tmp_path / "run").recipe.training.minutes == 2.5


def test_the_recipe_can_be_read_by_name():
    recipe = Recipe.read("restore")
    assert recipe.sections["corpus"]["objective"] == {"kind": "restore"}
