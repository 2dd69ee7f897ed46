"""A run that is killed at any moment, and goes on, ends as one that was never killed."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seq2seq.training.checkpoints import PROGRESS, TRAINING

PROGRAM = Path(__file__).with_name("killed_program.py")
WORDS = "the cat dog sat ran on mat to a from red old".split()
SMALL = {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 16, "heads": 2}
STEPS = 150


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """A recipe with all that must be kept: dropout, averages, accumulation, patience, a guard."""
    folder = tmp_path_factory.mktemp("corpus")
    draw = random.Random(0)
    for split, count in {"train": 200, "valid": 4}.items():
        lines = [" ".join(draw.choices(WORDS, k=draw.randint(1, 6))) for _ in range(count)]
        (folder / f"{split}.tsv").write_text("".join(f"{line}\t{line}\n" for line in lines))
    paths = {split: f"{split}.tsv" for split in ("train", "valid")}
    sections = {
        "corpus": {"kind": "tab_separated", "paths": paths, "folder": str(folder)},
        "tokenizer": {"kind": "words", "size": 30},
        "model": {"kind": "transformer", "dropout": 0.3, "attention_dropout": 0.2, **SMALL},
        "batches": {"tokens": 60, "buffer": 50, "pool": 30},
        "schedule": {"kind": "plateau", "peak": 1e-4, "patience": 1, "warmup": 10},
        "optimizer": {"use_ema": True},
        "training": {"steps": STEPS, "every": 15, "scores": [], "update_tokens": 120}
        | {"patience": 50, "spike": 1.05, "back_off": 0.5, "refusals": 100},
    }
    path = folder / "recipe.json"
    path.write_text(json.dumps(sections))
    return path


def start(recipe, folder, *seconds):
    command = [sys.executable, PROGRAM, recipe, folder, *map(str, seconds)]
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    ended = start(recipe, folder)
    assert ended.returncode == 0, ended.stderr
    return folder


def assert_equal(folder, whole):
    last = Path("checkpoints", str(STEPS))
    with np.load(folder / last / TRAINING) as left, np.load(whole / last / TRAINING) as right:
        assert left.files == right.files
        for name in left.files:
            np.testing.assert_array_equal(left[name], right[name], err_msg=name)
    log = "metrics.jsonl"
    assert (folder / log).read_bytes() == (whole / log).read_bytes()
    told = [json.loads((each / last / PROGRESS).read_text()) for each in (folder, whole)]
    for each in told:
        del each["seconds"]
    assert told[0] == told[1]
    assert told[0]["skipped"] > 0, "the guard must have refused something, or it proves nothing"


def test_a_run_killed_at_a_random_moment_ends_as_one_never_killed(recipe, whole, tmp_path):
    folder = tmp_path / "run"
    seconds = random.uniform(0.0, 0.8)
    killed = start(recipe, folder, seconds)
    assert killed.returncode == -signal.SIGKILL, f"not killed after {seconds} s: {killed.stderr}"
    ended = start(recipe, folder)
    assert ended.returncode == 0, f"killed after {seconds} s: {ended.stderr}"
    assert_equal(folder, whole)


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_as_one_never_killed(recipe, whole, tmp_path):
    folder, moments = tmp_path / "run", []
    while len(moments) < 20:
        moments.append(random.uniform(0.05, 1.5))
        ended = start(recipe, folder, moments[-1])
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, f"killed after {moments}: {ended.stderr}"
    else:
        assert start(recipe, folder).returncode == 0
    print(f"\nkilled {len(moments) - 1} times")
    assert_equal(folder, whole)
