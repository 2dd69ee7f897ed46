import json
import types

import pytest

from seq2seq import cli, run
from seq2seq.recipe import Recipe
from seq2seq.run import BATCH_SIZE, Run
from seq2seq.training import batch_size
from seq2seq.training.batch_size import Trial

TRIALS = [Trial(512, 90.0, 7), Trial(1024, 100.0, 8), Trial(2048, 0.0, 9)]


@pytest.fixture
def searches(monkeypatch):
    """Lists the searches that were made, each with what `seq2seq` was asked; none takes long."""
    made: list[list[str]] = []

    def read(command):
        made.append(command[3:])
        return TRIALS

    monkeypatch.setattr(batch_size, "read_trials", read)
    return made


def begun(recipe, folder, tokens="auto"):
    return Run.start(folder, Recipe.read(recipe, [f"batches.tokens={tokens}"]))


def test_a_size_is_found_once_and_kept(recipe, searches, tmp_path, capsys):
    opened = begun(recipe, tmp_path / "run")
    assert opened.batching.tokens == 1024
    path = str(tmp_path / "run" / "recipe.json")
    assert searches == [["benchmark", "batch-size", path, "--run", str(tmp_path / "run")]]
    assert "batches.tokens = 1024" in capsys.readouterr().err
    again = begun(recipe, tmp_path / "run")
    assert again.batching == opened.batching and len(searches) == 1
    kept = json.loads((tmp_path / "run" / BATCH_SIZE).read_text())
    assert kept == {"tokens": 1024, "tried": [trial._asdict() for trial in TRIALS]}


def test_a_size_that_the_recipe_says_is_not_searched_for(recipe, searches, tmp_path):
    assert begun(recipe, tmp_path / "run", 700).batching.tokens == 700
    assert not searches and not (tmp_path / "run" / BATCH_SIZE).exists()


def test_a_size_is_a_number_or_auto(recipe):
    with pytest.raises(ValueError, match=r"\[batches\] Batching: tokens"):
        Recipe.read(recipe, ["batches.tokens=some"])


def test_several_workers_are_told_to_agree(recipe, searches, tmp_path):
    opened = begun(recipe, tmp_path / "run")
    opened.recipe.training = types.SimpleNamespace(strategy="multi_worker")
    with pytest.raises(ValueError, match="give batches.tokens that number"):
        opened.batching
    assert not searches


def test_sizes_are_printed_as_they_are_tried(recipe, tmp_path, monkeypatch, capsys):
    asked = []

    class Timer:
        def __init__(self, trainer, *rows):
            asked.append(rows)

        def __call__(self, tokens):
            return {512: 9.0, 1024: 5.0}[tokens]

    monkeypatch.setattr(run, "BatchTimer", Timer)
    cli.main(["benchmark", "batch-size", str(recipe), "--set", "limits.source=30"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [(line["tokens"], line["target_tokens_a_second"]) for line in lines]
    assert told == [(512, 9.0), (1024, 5.0)]
    ((sizes, longest, (source, target), accumulate),) = asked
    assert accumulate == 1
    assert sizes[0] == sizes[1] == 4 + len("abcde")
    # Each target is its source twice, and both have one mark more.
    assert longest == (30, 256) and abs(target - 1 - 2 * (source - 1)) <= 1
