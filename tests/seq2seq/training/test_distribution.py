import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import worker_program
from rich.console import Console

from pipelines.batches import Part
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.distribution import agreed, by_chief, make_strategy, part_of, workers

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FAILED = 2
SECONDS = 120  # after which a test that hangs has failed


def free_addresses(count):
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


@contextlib.contextmanager
def started(count, arguments, folder):
    """Starts so many workers; kills those that are left."""
    addresses = free_addresses(count)
    # As many workers as would else be machines share this one.
    names = ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"]
    environment = os.environ | dict.fromkeys(names, "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [ROOT, HERE]))
    processes = []
    try:
        for index in range(count):
            task = {"type": "worker", "index": index}
            told = json.dumps({"cluster": {"worker": addresses}, "task": task})
            with open(folder / f"worker-{index}.txt", "w") as output:
                process = subprocess.Popen(
                    [sys.executable, *map(str, arguments)],
                    env=environment | {"TF_CONFIG": told},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                )
            processes.append(process)
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def last_line(folder, index):
    return (folder / f"worker-{index}.txt").read_text().strip().rpartition("\n")[2]


def assert_close(found, wanted):
    for left, right in zip(found, wanted, strict=True):
        error = np.abs(left - right).max() / max(np.abs(right).max(), 1e-3)
        assert error < 2e-6, error


@pytest.fixture(scope="module")
def alone():
    """What one process finds."""
    trainer = worker_program.make_trainer(tf.distribute.get_strategy())
    return worker_program.train(trainer, 1, Part())


@pytest.fixture(scope="module", params=[2, pytest.param(4, marks=pytest.mark.slow)])
def done(request, tmp_path_factory):
    """The folder in which so many workers have written what they found."""
    folder = tmp_path_factory.mktemp("workers")
    with started(request.param, [HERE / "worker_program.py", folder], folder) as processes:
        until = time.monotonic() + SECONDS
        statuses = [process.wait(until - time.monotonic()) for process in processes]
    return folder, statuses


def of_all(done, name):
    folder, statuses = done
    return [folder / name.format(index) for index in range(len(statuses))]


@pytest.mark.parametrize("accumulated", [1, 2])
def test_several_workers_find_the_weights_that_one_process_finds(done, alone, accumulated):
    chief, *others = (dict(np.load(path)) for path in of_all(done, f"{{}}-{accumulated}.npz"))
    *weights, told = chief.values()
    *wanted, wanted_told = alone
    np.testing.assert_allclose(told, wanted_told, rtol=1e-5)
    assert told[:, 2].min() > worker_program.CLIP, "the clipping must be active"
    assert_close(weights, wanted)
    for other in others:
        for left, right in zip(other.values(), chief.values(), strict=True):
            np.testing.assert_array_equal(left, right)


def test_workers_agree_where_all_wish_it_and_hear_what_the_chief_made(done):
    chief, *others = (json.loads(path.read_text()) for path in of_all(done, "{}.json"))
    for heard in (chief, *others):
        assert (heard["all"], heard["some"], heard["none"]) == (True, False, False)
        assert heard["chief"] == {"from": 0, "umlaut": "ü" * 500, "pi": 0.1 + 0.2}
    assert chief["failed"] == "OSError: no space left"
    assert {heard["failed"] for heard in others} == {"ChiefFailed: the chief failed: no space left"}


def test_ctrl_c_at_one_worker_ends_all_at_the_same_update_with_a_checkpoint(done):
    told = {json.loads(path.read_text())["interrupted"] for path in of_all(done, "{}.json")}
    assert told == {"stopped at update 3; the same command goes on"}
    assert [path.name for path in (done[0] / "checkpoints").iterdir()] == ["3"]


def test_workers_that_wait_for_a_dead_one_end_and_name_it(done):
    folder, (*statuses, killed) = done
    assert killed == -signal.SIGKILL
    assert 0 not in statuses
    assert f"worker {len(statuses)} at 127.0.0.1:" in last_line(folder, 0)
    assert "start all workers again with the same command" in last_line(folder, 0)


WORDS = "the cat dog sat ran on mat to a from red old".split()
STEPS, EVERY = 160, 40
RECIPE = f"""
tokenizer = {{kind = "subwords", size = 290}}
batches = {{tokens = 100, buffer = 50, pool = 30}}
optimizer = {{epsilon = 1e-4, use_ema = true}}
training = {{steps = {STEPS}, every = {EVERY}, scores = [], keep_last = {STEPS}}}

[corpus]
kind = "tab_separated"
folder = "."
paths = {{train = "train.tsv", valid = "valid.tsv"}}

[model]
kind = "transformer"
dropout = 0.0
encoder_layers = 1
decoder_layers = 1
units = 8
hidden = 16
heads = 2
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    draw = random.Random(0)
    for split, count in {"train": 60, "valid": 6}.items():
        lines = [" ".join(draw.choices(WORDS, k=draw.randint(1, 6))) for _ in range(count)]
        (folder / f"{split}.tsv").write_text("".join(f"{line}\t{line}\n" for line in lines))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def command(run):
    strategy = "training.strategy=multi_worker"
    return ["-m", "seq2seq", "train", "recipe.toml", "--run", run, "--set", strategy]


def killed(corpus, run, index, step):
    """Trains by two processes, kills one after a checkpoint -> what the other says and its status.

    The other has a minute to end.
    """
    with started(2, command(run), corpus) as processes:
        until = time.monotonic() + SECONDS
        while not (corpus / run / "checkpoints" / str(step)).is_dir():
            assert time.monotonic() < until
            assert processes[index].poll() is None, last_line(corpus, index)
            time.sleep(0.02)
        processes[index].kill()
        status = processes[1 - index].wait(60)
    return last_line(corpus, 1 - index), status


def trained(corpus, run):
    """Trains by two processes to the end."""
    with started(2, command(run), corpus) as processes:
        until = time.monotonic() + SECONDS
        statuses = [process.wait(until - time.monotonic()) for process in processes]
    assert statuses == [0, 0], [last_line(corpus, index) for index in range(2)]
    assert last_line(corpus, 1) == "", "the chief alone tells"
    return outcome(corpus / run)


def outcome(folder):
    with np.load(folder / "checkpoints" / str(STEPS) / "training.npz") as saved:
        weights = [saved[name] for name in saved.files]
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return weights, [list(json.loads(line).values()) for line in lines]


@pytest.fixture(scope="module")
def undisturbed(corpus):
    return trained(corpus, "undisturbed")


def test_a_recipe_trains_by_two_processes_to_what_one_finds(undisturbed, corpus):
    with open(os.devnull, "w") as nowhere, contextlib.chdir(corpus):
        Run.start("alone", Recipe.read("recipe.toml")).train([], Console(file=nowhere))
    (weights, lines), (wanted, wanted_lines) = undisturbed, outcome(corpus / "alone")
    assert_close(weights, wanted)
    np.testing.assert_allclose(lines, wanted_lines, rtol=1e-5)
    assert len(lines) == STEPS // EVERY


@pytest.mark.slow
def test_two_processes_of_which_one_is_killed_go_on_to_the_same_bits(undisturbed, corpus):
    for index, step in enumerate([EVERY, 2 * EVERY]):  # the chief first, then the other
        said, status = killed(corpus, "killed", index, step)
        assert status == FAILED
        assert said.startswith(f"seq2seq: error: worker {index} at 127.0.0.1:"), said
        assert "start all workers again with the same command" in said
    weights, lines = trained(corpus, "killed")
    for left, right in zip(weights, undisturbed[0], strict=True):
        np.testing.assert_array_equal(left, right)
    assert lines == undisturbed[1]


def test_one_process_is_its_own_chief():
    strategy = make_strategy("one_device")
    assert (workers(strategy), part_of(strategy)) == (1, Part(0, 1))
    assert agreed(strategy, True) and not agreed(strategy, False)
    made = object()
    assert by_chief(strategy, lambda: made) is made


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_a_strategy_of_one_machine_is_one_worker(strategy):
    assert workers(make_strategy(strategy)) == 1


def test_parameter_servers_are_refused_with_the_reason():
    with pytest.raises(ValueError, match="no fixed order.* Use multi_worker"):
        make_strategy("parameter_server")


def test_a_cluster_must_be_described(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="needs TF_CONFIG.*host1:12345"):
        make_strategy("multi_worker")


def test_a_tpu_must_be_there():
    with pytest.raises(ValueError, match="strategy tpu finds no TPU.*TPU_NAME"):
        make_strategy("tpu")
