import contextlib
import errno
import io
import json
import math
import os
import pydoc
import resource
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from pipelines.batches import Position
from seq2seq.training.checkpoints import FILES, PROGRESS, TRAINING, WEIGHTS, Checkpoints
from seq2seq.training.progress import Progress
from seq2seq.training.sealed_folder import SEAL


class Lump:
    """Stands for a trainer: a few variables, and a file of weights."""

    def __init__(self, *shapes, dtype="float32", name="lump"):
        shapes = shapes or ((2, 3), (), (4,))
        self.variables = [
            keras.Variable(np.full(shape, 1.0), dtype=dtype, name=name) for shape in shapes
        ]

    def save_weights(self, path):
        memory = io.BytesIO()
        with h5py.File(memory, "w") as file:
            file["vars/0"] = np.asarray(self.variables[0].value, "float32")
        path.write_bytes(memory.getbuffer())

    def fill(self, value):
        for variable in self.variables:
            variable.assign(np.full(variable.shape, value))

    def values(self):
        return [np.asarray(variable.value).tolist() for variable in self.variables]


def keep(checkpoints, values, metric="loss"):
    """Saves a checkpoint a value, at steps 10, 20, ..."""
    lump = Lump()
    for number, value in enumerate(values, 1):
        metrics = {} if value is None else {metric: value}
        lump.fill(number)
        checkpoints.save(lump, Progress(step=10 * number, metrics=metrics))


def names(folder):
    return sorted(os.listdir(folder))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    """Changes one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


def test_what_was_saved_comes_back(tmp_path):
    lump, checkpoints = Lump(), Checkpoints(tmp_path)
    lump.fill(0.1)
    metrics = {"loss": 0.25, "bleu": 1 / 3}
    progress = Progress(7, Position(2, 5), 1.5, 99, metrics, [0.1, 3.0], {"a": {"n": 1}}, 2)
    checkpoints.save(lump, progress)
    assert names(tmp_path / "7") == sorted([*FILES, SEAL])
    other = Lump()
    restored = Checkpoints(tmp_path).restore(other)
    assert restored == progress and isinstance(restored.position, Position)
    assert other.values() == lump.values()


def test_the_same_values_make_the_same_file(tmp_path):
    first, second = Checkpoints(tmp_path / "a"), Checkpoints(tmp_path / "b")
    first.save(Lump(), Progress(1))
    second.save(Lump(name="lump_17"), Progress(1))  # as Keras numbers the second of a process
    left, right = (folder / "1" / TRAINING for folder in (first.folder, second.folder))
    assert left.read_bytes() == right.read_bytes()
    assert np.load(left).files == ["0 lump", "1 lump", "2 lump"]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int32", "uint8", "bool"])
def test_variables_of_any_type_come_back_bit_for_bit(dtype, tmp_path):
    checkpoints, lump, other = Checkpoints(tmp_path), *(Lump(dtype=dtype) for _ in range(2))
    lump.fill(0.1 if "float" in dtype else 0)
    checkpoints.save(lump, Progress(1))
    checkpoints.restore(other)
    assert other.values() == lump.values() != Lump(dtype=dtype).values()


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
        ("rougeL", [math.nan, 1.0, math.inf, 0.5], 20),
        ("accuracy", [0.5, 0.5, 0.1], 20),  # of equals, the newest
        ("chrf", [1.0, 2.0, None], 20),  # interrupted before it was measured
        ("bleu", [None, None], 20),
    ],
)
def test_the_last_and_the_best_are_kept(metric, values, best, tmp_path):
    checkpoints = Checkpoints(tmp_path, metric, keep_last=1)
    keep(checkpoints, values, metric)
    last = 10 * len(values)
    assert (checkpoints.best(), checkpoints.last()) == (best, last)
    assert names(tmp_path) == sorted({str(best), str(last)})
    assert checkpoints.path("best") == checkpoints.path(str(best)) == tmp_path / str(best)
    assert checkpoints.path("last") == tmp_path / str(last)


@pytest.mark.parametrize(
    "last, best, kept",
    [
        (1, 1, [20, 60]),
        (2, 1, [20, 50, 60]),
        (1, 3, [20, 30, 40, 60]),
        (3, 2, [20, 30, 40, 50, 60]),
    ],
)
def test_as_many_are_kept_as_was_asked(last, best, kept, tmp_path):
    checkpoints = Checkpoints(tmp_path, "bleu", last, best)
    keep(checkpoints, [1.0, 9.0, 8.0, 7.0, None, 6.0], "bleu")
    assert checkpoints.steps() == kept
    assert checkpoints.newest(9) == kept[::-1]
    assert checkpoints.leading(best)[:best] == [20, 30, 40][:best]


@pytest.mark.parametrize("given", [{"keep_last": 0}, {"keep_best": 0}])
def test_to_keep_none_is_refused(given, tmp_path):
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        Checkpoints(tmp_path, **given)


def test_what_was_just_saved_is_kept_where_training_began_anew_beside_newer_ones(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0, 2.0, 3.0])
    checkpoints.save(Lump(), Progress(step=5))
    assert 5 in checkpoints.steps()


def test_a_step_saved_again_takes_the_place_of_the_first(tmp_path):
    checkpoints, lump = Checkpoints(tmp_path), Lump()
    checkpoints.save(lump, Progress(10))
    lump.fill(2.0)
    checkpoints.save(lump, Progress(10, target_tokens=5))
    assert names(tmp_path) == ["10"]
    other = Lump()
    assert checkpoints.restore(other).target_tokens == 5
    assert other.values() == lump.values()


class Killed(BaseException):
    """Ends a save as kill -9 does: nothing is tidied up."""


@pytest.mark.parametrize("renames, found", [(0, 1), (1, 1), (2, 2)])
def test_a_step_saved_again_is_there_at_every_moment(renames, found, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Lump(), Progress(10, target_tokens=1))
    made = []

    def renaming(path, target, rename=Path.rename):
        if len(made) == renames:
            raise Killed
        made.append(target.name)
        return rename(path, target)

    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Path, "rename", renaming)
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        checkpoints.save(Lump(), Progress(10, target_tokens=2))
    assert made == ["10.replaced", "10"][:renames]
    again = Checkpoints(tmp_path)
    assert again.steps() == [10] and again.path("last").name.startswith("10")
    assert again.restore(Lump()).target_tokens == found
    again.save(Lump(), Progress(10, target_tokens=3))
    assert names(tmp_path) == ["10"]


# All by which a save changes the disk, and the bytes that HDF5 and NumPy write.
TOUCHING = [
    "os.fsync",
    "pathlib.Path.mkdir",
    "pathlib.Path.rename",
    "pathlib.Path.write_bytes",
    "pathlib.Path.write_text",
    "numpy.lib.format.write_array",
    "shutil.rmtree",
]


@pytest.mark.parametrize("step", [20, 30])
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(step, tmp_path, monkeypatch):
    """The killed save is of a step that is there, or of a new one; it drops others."""
    keep(Checkpoints(tmp_path / "start", keep_last=1), [1.0, 2.0])
    survived, killed = 0, True
    while killed:
        folder, left = tmp_path / str(survived), [survived]
        shutil.copytree(tmp_path / "start", folder)
        with monkeypatch.context() as patch:
            for name in TOUCHING:
                patch.setattr(name, dying(left, pydoc.locate(name)))
            try:
                Checkpoints(folder, keep_last=1).save(Lump(), Progress(step, target_tokens=9))
                killed = False
            except Killed:
                survived += 1
        again = Checkpoints(folder, keep_last=1)
        progress = again.restore(Lump())
        assert (progress.step, progress.target_tokens) in [(20, 0), (step, 9)], survived
        assert again.path("best") == folder / "10"
        again.save(Lump(), Progress(40))
        assert names(folder) == ["10", "40"], survived
    assert survived > 12 and (progress.step, progress.target_tokens) == (step, 9)


def dying(left, function):
    """Wraps a function so that all are killed when there is nothing left of a common count."""

    def call(*given, **options):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return function(*given, **options)

    return call


def test_all_bytes_are_on_the_disk_before_a_checkpoint_has_its_name(tmp_path, monkeypatch):
    done = []

    def flushing(number, flush=os.fsync):
        done.append(os.path.basename(os.readlink(f"/proc/self/fd/{number}")))
        flush(number)

    def renaming(path, target, rename=Path.rename):
        done.append(f"-> {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "rename", renaming)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    checkpoints.save(Lump(), Progress(10))
    named = done.index("-> 10")
    assert sorted(done[: named - 2]) == sorted([*FILES, SEAL])
    assert done[named - 2 :] == [f".10.{os.getpid()}", "checkpoints", "-> 10", "checkpoints"]


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def failing(*_, **__):
    raise RuntimeError("Unable to synchronously close file\n (file write failed)")


def short(self, path):
    """Writes half of a file without a word, as HDF5 may when the disk is full."""
    with h5py.File(path, "w") as file:
        file["vars/0"] = np.ones([100])
    path.write_bytes(path.read_bytes()[:-500])


@pytest.mark.parametrize(
    "stage, fail, reason",
    [
        (f"{__name__}.Lump.save_weights", full, "No space left on device"),
        (f"{__name__}.Lump.save_weights", failing, r"Unable to .* \(file write failed\)"),
        (f"{__name__}.Lump.save_weights", short, "truncated file"),
        ("numpy.lib.format.write_array", full, "No space left on device"),
        ("json.dumps", full, "No space left on device"),
        ("os.fsync", full, "No space left on device"),
        ("pathlib.Path.rename", full, "No space left on device"),
        ("pathlib.Path.mkdir", full, "No space left on device"),
    ],
)
def test_a_failed_save_leaves_the_old_ones_whole(stage, fail, reason, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0, 2.0])
    with monkeypatch.context() as patch:
        patch.setattr(stage, fail)
        with pytest.raises(OSError, match=rf"checkpoint 20 .*{reason}.* kept are .*: 10, 20") as e:
            checkpoints.save(Lump(), Progress(20, target_tokens=9))
    assert e.value.filename == str(tmp_path)
    assert e.value.errno == (errno.ENOSPC if fail is full else errno.EIO)
    assert names(tmp_path) == ["10", "20"]
    again = Checkpoints(tmp_path)
    assert again.restore(Lump()).target_tokens == 0 and again.newest(9) == [20, 10]


@contextlib.contextmanager
def files_of_at_most(size):
    """Lets the system refuse what a file would have beyond a size, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_the_system_cuts_short_is_no_checkpoint(tmp_path):
    checkpoints, lump = Checkpoints(tmp_path), Lump((100, 100), (200, 100))
    checkpoints.save(lump, Progress(10))
    weights, training = ((tmp_path / "10" / name).stat().st_size for name in (WEIGHTS, TRAINING))
    for size in (weights // 2, weights - 1, weights + 1, training - 1):
        with files_of_at_most(size), pytest.raises(OSError, match="checkpoint 20 could not be"):
            checkpoints.save(lump, Progress(20))
        assert names(tmp_path) == ["10"]
        assert Checkpoints(tmp_path).restore(lump).step == 10
    checkpoints.save(lump, Progress(20))
    assert checkpoints.restore(lump).step == 20


@pytest.mark.parametrize("damage", [truncate, flip, empty, os.remove])
@pytest.mark.parametrize("file", [*FILES, SEAL])
def test_a_damaged_newest_is_reported_and_the_one_before_is_used(file, damage, tmp_path, caplog):
    keep(Checkpoints(tmp_path), [1.0, 0.5])
    damage(tmp_path / "20" / file)
    checkpoints, lump = Checkpoints(tmp_path), Lump()
    assert checkpoints.path("best") == checkpoints.path("last") == tmp_path / "10"
    assert names(tmp_path) == ["10", "20"], "who only reads changes nothing"
    with pytest.raises(ValueError, match=r"20 is damaged: .* \(known: best, last, 10, 20\)"):
        checkpoints.path("20")
    assert checkpoints.restore(lump).step == 10
    assert lump.values()[0][0][0] == 1
    (said,) = caplog.messages
    assert said.startswith(f"checkpoint 20 in {tmp_path} is damaged and not used: ")
    assert file == SEAL or file in said
    assert names(tmp_path) == [".corrupt-20", "10"]
    checkpoints.save(Lump(), Progress(20))
    assert Checkpoints(tmp_path).last() == 20


def test_damage_is_noticed_also_after_it_was_whole(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0, 0.5])
    assert checkpoints.last() == 20
    flip(tmp_path / "20" / TRAINING)
    assert checkpoints.last() == 10


def test_a_damaged_one_takes_no_good_ones_place(tmp_path):
    keep(Checkpoints(tmp_path, keep_last=3), [3.0, 2.0, 1.0])
    flip(tmp_path / "20" / WEIGHTS)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Lump(), Progress(40, metrics={"loss": 5.0}))
    assert names(tmp_path) == ["30", "40"]
    flip(tmp_path / "30" / WEIGHTS)
    checkpoints.save(Lump(), Progress(50, metrics={"loss": 6.0}))
    assert names(tmp_path) == [".corrupt-30", "40", "50"]


def test_damaged_twice_at_one_step_is_set_aside_twice(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])
    for _ in range(2):
        checkpoints.save(Lump(), Progress(20))
        truncate(tmp_path / "20" / WEIGHTS)
        assert checkpoints.restore(Lump()).step == 10
        assert names(tmp_path) == [".corrupt-20", "10"]


def test_a_run_does_not_begin_anew_because_all_is_damaged(tmp_path):
    keep(Checkpoints(tmp_path), [1.0, 0.5])
    for step in ("10", "20"):
        truncate(tmp_path / step / TRAINING)
    for use in (lambda found: found.restore(Lump()), lambda found: found.path("best")):
        with pytest.raises(ValueError, match=r"all checkpoints .* \(10: training.npz has .*; 20: "):
            use(Checkpoints(tmp_path))
    assert names(tmp_path) == ["10", "20"]


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    keep(checkpoints, [1.0])
    for left in (".20.123", ".5.removed.123"):
        (tmp_path / left).mkdir()
        (tmp_path / left / PROGRESS).write_text("{}")
    (tmp_path / "notes").mkdir()
    assert checkpoints.steps() == [10]
    assert checkpoints.restore(Lump()).step == 10
    checkpoints.save(Lump(), Progress(30))
    assert names(tmp_path) == ["10", "30", "notes"]


def test_a_checkpoint_is_dropped_in_one_step(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, keep_last=1)
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
    for wrong in ("../10", ".", "", "10/", ".corrupt-10"):
        with pytest.raises(ValueError, match="no checkpoint '"):
            checkpoints.path(wrong)


@pytest.mark.parametrize(
    "other, said",
    [
        (Lump((2, 3), ()), "it has 3 variables, here are 2"),
        (
            Lump((2, 3), (), (5,)),
            r"its variable 2 lump is float32 \[4\], here 2 lump is float32 \[5\]",
        ),
        (Lump(dtype="int32"), r"0 lump is float32 \[2, 3\], here 0 lump is int32"),
        (Lump(name="velocity"), "0 lump .* here 0 velocity"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(other, said, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    lump = Lump()
    lump.fill(7)
    checkpoints.save(lump, Progress(10))
    before = other.values()
    with pytest.raises(ValueError, match=f"written by another model or optimizer .*{said}"):
        checkpoints.restore(other)
    assert other.values() == before


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda told: told.pop("round"), "round is missing"),
        (lambda told: told.update(epoch=3), "'epoch' is unknown"),
        (lambda told: told.update(step="7"), "step is '7'"),
        (lambda told: told.update(position=[1]), r"position is \[1\]"),
        (lambda told: told.update(metrics=None), "metrics is None"),
    ],
)
def test_progress_with_other_fields_is_refused(change, said, tmp_path):
    path = tmp_path / PROGRESS
    Progress(step=3).write(path)
    assert Progress.read(path) == Progress(step=3)
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=rf"{PROGRESS}: {said}: it was written by another version"):
        Progress.read(path)
    for content in ("{", "[]"):
        path.write_text(content)
        with pytest.raises(ValueError, match=PROGRESS):
            Progress.read(path)
