import math
import os

import keras
import numpy as np
import pytest

from pipelines.batches import Position
from seq2seq.training.checkpoints import PROGRESS, TRAINING, WEIGHTS, Checkpoints, Progress


class Lump:
    """Stands for a trainer: a few variables, and a file of weights."""

    def __init__(self, *shapes):
        shapes = shapes or ((2, 3), (), (4,))
        self.variables = [keras.Variable(np.full(shape, 1.0)) for shape in shapes]

    def save_weights(self, path):
        path.write_text(str(float(keras.ops.sum(self.variables[0]))))

    def fill(self, value):
        for variable in self.variables:
            variable.assign(np.full(variable.shape, value))

    def values(self):
        return [np.asarray(variable.value).tolist() for variable in self.variables]


def keep(checkpoints, values, metric="loss"):
    """Saves a checkpoint a value, at steps 10, 20, ..."""
    for number, value in enumerate(values, 1):
        metrics = {} if value is None else {metric: value}
        checkpoints.save(Lump(), Progress(step=10 * number, metrics=metrics))


def names(folder):
    return sorted(os.listdir(folder))


def test_what_was_saved_comes_back(tmp_path):
    lump, checkpoints = Lump(), Checkpoints(tmp_path)
    lump.fill(0.1)
    progress = Progress(7, Position(2, 5), 1.5, 99, {"loss": 0.25, "bleu": 3.0})
    checkpoints.save(lump, progress)
    assert names(tmp_path / "7") == sorted([WEIGHTS, TRAINING, PROGRESS])
    other = Lump()
    restored = Checkpoints(tmp_path).restore(other)
    assert restored == progress and isinstance(restored.position, Position)
    assert other.values() == lump.values()


def test_nothing_is_restored_where_nothing_was_saved(tmp_path):
    lump = Lump()
    assert Checkpoints(tmp_path / "none").restore(lump) == Progress()
    assert lump.values() == Lump().values()


@pytest.mark.parametrize(
    "metric, values, best",
    [
        ("loss", [3.0, 1.0, 2.0, 4.0], 20),
        ("perplexity", [math.inf, 9.0, math.nan, 10.0], 20),
        ("bleu", [3.0, 9.0, 2.0, 4.0], 20),
        ("bleu", [math.nan, 1.0, math.inf, 0.5], 20),
        ("accuracy", [0.5, 0.5, 0.1], 20),  # of equals, the newest
        ("bleu", [1.0, 2.0, None], 20),  # interrupted before it was measured
        ("bleu", [None, None], 20),
    ],
)
def test_the_last_and_the_best_are_kept(metric, values, best, tmp_path):
    checkpoints = Checkpoints(tmp_path, metric)
    keep(checkpoints, values, metric)
    last = 10 * len(values)
    assert (checkpoints.best(), checkpoints.last()) == (best, last)
    assert names(tmp_path) == sorted({str(best), str(last)})
    assert checkpoints.path("best") == checkpoints.path(str(best)) == tmp_path / str(best)
    assert checkpoints.path("last") == tmp_path / str(last)


def test_a_step_saved_again_takes_the_place_of_the_first(tmp_path):
    checkpoints, lump = Checkpoints(tmp_path), Lump()
    checkpoints.save(lump, Progress(10))
    lump.fill(2.0)
    checkpoints.save(lump, Progress(10, target_tokens=5))
    assert names(tmp_path) == ["10"]
    other = Lump()
    assert checkpoints.restore(other).target_tokens == 5
    assert other.values() == lump.values()


@pytest.mark.parametrize("stage", ["numpy.savez", "json.dumps", "pathlib.Path.rename"])
def test_a_half_written_checkpoint_is_never_taken_for_whole(stage, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])

    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(stage, fail)
    with pytest.raises(OSError, match="the disk is full"):
        checkpoints.save(Lump(), Progress(20, metrics={"loss": 0.1}))
    assert names(tmp_path) == ["10"]
    assert checkpoints.restore(Lump()).step == 10


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])
    for left in (".20.123", ".5.discarded.123"):
        (tmp_path / left).mkdir()
        (tmp_path / left / PROGRESS).write_text("{}")
    (tmp_path / "30").mkdir()  # as a copy that was cut off
    (tmp_path / "notes").mkdir()
    assert checkpoints.steps() == [10]
    assert checkpoints.restore(Lump()).step == 10


def test_a_checkpoint_is_discarded_in_one_step(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)  # killed while it removes
    checkpoints.save(Lump(), Progress(20, metrics={"loss": 0.5}))
    assert checkpoints.steps() == [20]


def test_an_unknown_checkpoint_is_refused_with_the_known_ones(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(ValueError, match=r"no checkpoint 'best' in .* \(known: none\)"):
        checkpoints.path("best")
    keep(checkpoints, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"no checkpoint 'first' .* \(known: best, last, 10, 20\)"):
        checkpoints.path("first")
    with pytest.raises(ValueError, match="no checkpoint '../10'"):
        checkpoints.path("../10")


@pytest.mark.parametrize("shapes", [[(2, 3), ()], [(2, 3), (), (5,)]])
def test_a_checkpoint_of_another_model_is_refused(shapes, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])
    other = Lump(*shapes)
    with pytest.raises(ValueError, match="was written by another model or optimizer"):
        checkpoints.restore(other)
    assert other.values() == Lump(*shapes).values()
