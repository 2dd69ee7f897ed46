"""Times two worker processes of one core each beside one process with both: `make benchmark`."""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
RECIPE, SHAPE = "multi30k_transformer", "128x24"
TURNS, STEPS = 5, 20
WANTED = 0.85


def speed(folder, strategy, groups):
    """Trains by processes that have these groups of cores -> target tokens a second of all."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in groups]
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    files = [folder / f"{index}.json" for index in range(len(groups))]
    processes = []
    for index, cores in enumerate(groups):
        arguments = (
            f"benchmark train {RECIPE} --random {SHAPE} --steps {STEPS} --json {files[index]}"
        )
        task = {"type": "worker", "index": index}
        told = json.dumps({"cluster": {"worker": addresses}, "task": task})
        process = subprocess.Popen(
            [sys.executable, "-m", "seq2seq", *arguments.split()]
            + ["--set", f"training.strategy={strategy}", "--set", "corpus.folder=."],
            env=os.environ | {"TF_CONFIG": told, "PYTHONPATH": str(ROOT)},
            preexec_fn=lambda cores=cores: os.sched_setaffinity(0, cores),
            stdout=subprocess.DEVNULL,
        )
        processes.append(process)
    try:
        assert [process.wait(300) for process in processes] == [0] * len(groups)
    finally:
        for process in processes:
            process.kill()
    return json.loads(files[0].read_text())["target_tokens_a_second_median"]


def test_two_workers_of_one_core_are_almost_as_fast_as_one_process_with_both(tmp_path):
    first, second, *_ = sorted(os.sched_getaffinity(0))
    ways = {"one_device": [{first, second}], "multi_worker": [{first}, {second}]}
    turns = [
        {strategy: speed(tmp_path, strategy, groups) for strategy, groups in ways.items()}
        for _ in range(TURNS)
    ]
    alone, together = (statistics.median(turn[way] for turn in turns) for way in ways)
    share = statistics.median(turn["multi_worker"] / turn["one_device"] for turn in turns)
    print(f"target tokens a second, medians of {TURNS} in turns, {RECIPE} {SHAPE}:")
    print(f"one process {alone:,.0f}; two workers {together:,.0f}; by turn {share:.2f} times")
    assert share > WANTED
