import io
import json
import sys
import types

import h5py
import numpy as np
import pytest
import small_task

from seq2seq import cli
from seq2seq.training.averaging import STEPS, average, choose
from seq2seq.training.checkpoints import WEIGHTS, Checkpoints
from seq2seq.training.progress import Progress
from seq2seq.training.sealed_folder import SEAL
from seq2seq.training.weights_file import write_weights

FRACTIONS: dict[str, np.ndarray] = {
    "a/vars/0": np.array([[1, 2], [3, 4]], "f"),
    "a/vars/1": np.array(0.1, "f"),
}


class Weights:
    """Stands for a trainer that saves what it was given."""

    variables: list = []

    def __init__(self, arrays):
        self.arrays = arrays

    def save_weights(self, path):
        memory = io.BytesIO()
        with h5py.File(memory, "w") as file:
            for name, array in self.arrays.items():
                file[name] = array
        path.write_bytes(memory.getbuffer())


def save(checkpoints, step, arrays=FRACTIONS, scale=1.0, **metrics):
    scaled = {
        name: array * np.float32(scale) if np.asarray(array).dtype.kind == "f" else array
        for name, array in arrays.items()
    }
    checkpoints.save(Weights(scaled), Progress(step=step, metrics=metrics))


def read(path):
    with h5py.File(path / WEIGHTS) as file:
        return {name: file[name][...] for name in FRACTIONS}


@pytest.fixture
def checkpoints(tmp_path):
    """Four checkpoints whose weights are 1, 2, 3 and 4 times FRACTIONS; 40 was not measured."""
    made = Checkpoints(tmp_path, "bleu", keep_last=9)
    for number, metrics in enumerate([{"bleu": 7}, {"bleu": 9}, {"bleu": 8}, {}], 1):
        save(made, 10 * number, scale=number, **metrics)
    return made


def test_an_average_is_the_mean_of_each_weight(checkpoints):
    path = average(checkpoints, [10, 40, 20, 40])
    assert path == checkpoints.path("averaged") == checkpoints.folder / "averaged"
    for name, found in read(path).items():
        wanted = np.mean([scale * FRACTIONS[name] for scale in (1, 2, 4)], 0)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-7)
    assert json.loads((path / STEPS).read_text()) == {"steps": [10, 20, 40]}
    assert sorted(each.name for each in path.iterdir()) == sorted([WEIGHTS, STEPS, SEAL])


def test_the_average_of_equals_is_what_they_are(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep_last=9)
    draw = np.random.default_rng(0)
    arrays = {name: draw.normal(size=[7]).astype("float32") for name in FRACTIONS}
    arrays["seed"] = np.array([3, 4])
    for step in (1, 2, 3):
        save(checkpoints, step, arrays)
    found = read(average(checkpoints, [1, 2, 3]))
    for name in FRACTIONS:
        np.testing.assert_array_equal(found[name], arrays[name])


def test_a_model_loads_an_average(tmp_path):
    checkpoints, models = Checkpoints(tmp_path), [small_task.make_model() for _ in range(2)]
    for step, model in enumerate(models):
        for variable in model.trainable_variables:
            variable.assign(variable + 0.5 + step)
        trainer = types.SimpleNamespace(variables=[])
        trainer.save_weights = lambda path, model=model: write_weights(model, path)
        checkpoints.save(trainer, Progress(step=step))
    model = small_task.make_model()
    model.load_weights(average(checkpoints, [0, 1], "mean") / WEIGHTS)
    each = [model.trainable_variables for model in (model, *models)]
    for found, first, second in zip(*each, strict=True):
        np.testing.assert_allclose(found, (first + second) / 2, rtol=1e-6, atol=1e-7)


def test_an_average_outlasts_training_and_takes_the_place_of_one_of_its_name(checkpoints):
    average(checkpoints, [10, 20])
    checkpoints.save(Weights(FRACTIONS), Progress(step=50))
    assert checkpoints.last() == 50 and checkpoints.steps() == [10, 20, 30, 40, 50]
    found = read(average(checkpoints, [30, 40]))
    np.testing.assert_allclose(found["a/vars/0"], 3.5 * FRACTIONS["a/vars/0"])
    with pytest.raises(ValueError, match=r"known: best, last, 10, .*, 50, averaged\)"):
        checkpoints.path("first")


def test_a_damaged_average_is_refused(checkpoints):
    path = average(checkpoints, [10, 20]) / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="averaged is damaged: model.weights.h5 has"):
        checkpoints.path("averaged")


@pytest.mark.parametrize(
    "arrays, said",
    [
        ({"a/vars/0": FRACTIONS["a/vars/0"]}, r"a/vars/1 is missing in .*50.* and \[\] in .*10"),
        (FRACTIONS | {"b": np.float32(1)}, r"b is \[\] in .*50.* and missing in .*10"),
        (FRACTIONS | {"a/vars/0": np.ones([3], "f")}, r"a/vars/0 is \[3\] in .* and \[2, 2\] in"),
        (FRACTIONS | {"a/vars/1": np.float32(np.nan)}, "/a/vars/1 holds .* not finite"),
    ],
)
def test_what_cannot_be_averaged_is_refused(arrays, said, checkpoints):
    save(checkpoints, 50, arrays)
    with pytest.raises(ValueError, match=said):
        average(checkpoints, [10, 50])
    assert not (checkpoints.folder / "averaged").exists()


def test_integers_that_differ_are_refused(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        save(checkpoints, step, {"seed": np.array([step])})
    with pytest.raises(ValueError, match="/seed is of type int64 and differs"):
        average(checkpoints, [1, 2])


@pytest.mark.parametrize("name", ["best", "last", "30", "3a", "../up", "", ".hidden", "a/b"])
def test_a_name_that_is_not_free_is_refused(name, checkpoints):
    with pytest.raises(ValueError, match=f"cannot be called '{name}'"):
        average(checkpoints, [10, 20], name)


@pytest.mark.parametrize("steps", [[], [10], [10, 10]])
def test_one_checkpoint_makes_no_average(steps, checkpoints):
    with pytest.raises(ValueError, match="takes 2 checkpoints or more"):
        average(checkpoints, steps)


def test_steps_are_chosen_by_age_or_merit(checkpoints):
    assert choose(checkpoints, last=None, best=None) == [40, 30, 20, 10]
    assert choose(checkpoints, last=3, best=None) == [40, 30, 20]
    assert choose(checkpoints, last=None, best=2) == [20, 30]
    assert choose(checkpoints, last=None, best=None, steps=[10, 20]) == [10, 20]


@pytest.mark.parametrize(
    "asked, said",
    [
        ({"last": 5, "best": None}, r"5 .*whole \(10, 20, 30, 40\).* training.keep_last"),
        ({"last": None, "best": 4}, r"4 .*measured by bleu \(10, 20, 30\)"),
        ({"last": 1, "best": None}, "1 checkpoints cannot be averaged"),
        ({"last": 2, "best": 2}, "give one"),
        ({"last": None, "best": 2, "steps": [10]}, "give one"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(asked, said, checkpoints):
    with pytest.raises(ValueError, match=said):
        choose(checkpoints, **asked)


@pytest.fixture
def program(checkpoints, monkeypatch, capsys):
    """Runs the program on the checkpoints -> (lines of output, lines of errors)."""
    fake = types.ModuleType("run")
    fake.Run = lambda folder: types.SimpleNamespace(checkpoints=checkpoints)  # type: ignore
    monkeypatch.setitem(sys.modules, "seq2seq.run", fake)
    monkeypatch.setattr(cli, "load_tensorflow", lambda: None)

    def run(*arguments):
        try:
            cli.main(["average", "runs/a", *arguments])
        except SystemExit as done:
            assert done.code == 2
        said = capsys.readouterr()
        return said.out.splitlines(), said.err.splitlines()

    return run


@pytest.mark.parametrize(
    "arguments, name, steps",
    [
        ([], "averaged", [10, 20, 30, 40]),
        (["--last", "2"], "averaged", [30, 40]),
        (["--best", "2", "--name", "leading"], "leading", [20, 30]),
        (["--checkpoint", "10", "--checkpoint", "40"], "averaged", [10, 40]),
    ],
)
def test_the_program_averages_and_says_what(arguments, name, steps, program, checkpoints):
    output, errors = program(*arguments)
    assert output == [str(checkpoints.folder / name)]
    assert errors == [f"averaged {', '.join(map(str, steps))}; use it with --checkpoint {name}"]
    assert json.loads((checkpoints.path(name) / STEPS).read_text()) == {"steps": steps}


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--checkpoint", "10"], "takes 2 checkpoints or more, not 1"),
        (["--checkpoint", "10", "--checkpoint", "70"], "no checkpoint '70'"),
        (["--last", "9"], "9 checkpoints cannot be averaged"),
        (["--name", "best"], "cannot be called 'best'"),
        (["--checkpoint", "best"], "Invalid value for '--checkpoint'"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(arguments, said, program, checkpoints):
    output, (line,) = program(*arguments)
    assert not output and line.startswith("seq2seq: error: ") and said in line
    assert not (checkpoints.folder / "averaged").exists()
