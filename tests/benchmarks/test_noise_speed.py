"""What noise adds to the time in which batches are made, in turns with batches without any."""

import statistics
import time

import numpy as np
import pytest
import tensorflow as tf

from pipelines import plugins
from pipelines.batches import Batching, training_batches
from pipelines.objectives.noise.noise import Noise
from pipelines.objectives.objective import Objective, find_objective
from pipelines.records import write_records

pytestmark = pytest.mark.slow
FOLDER = "pipelines.objectives"
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "objective"]
NOISES = [kind for kind in KINDS if issubclass(plugins.find(FOLDER, kind, Objective), Noise)]
BATCHING = Batching(tokens=8192, pool=3000, buffer=1000)
SENTENCE = 5  # the id of denoise's second symbol
TURNS, BATCHES = 7, 40


class Numbers:
    """Reads ids as they are written, and has symbols from 4 on."""

    size = 8000

    def tokenize(self, text):
        return tf.strings.to_number(tf.strings.split(text), tf.int32)

    def ids_of(self, symbols):
        return list(range(4, 4 + len(symbols)))


class Both:
    source = target = Numbers()


def passages(longest):
    """Draws passages of sentences of 25 tokens."""
    draw = np.random.default_rng(0)
    for _ in range(3000):
        row = draw.integers(200, 8000, draw.integers(longest // 4, longest))
        row[20::25] = SENTENCE
        yield " ".join(map(str, row))


def stream(folder, kind, longest):
    """Makes endless batches of passages that are copied, or noised by a kind."""
    mark = find_objective({"kind": kind}).mark if kind else None
    pairs = ((mark or text, text) for text in passages(longest))
    return iter(training_batches(write_records(pairs, Both, folder), BATCHING))


def cost(batches):
    """Returns microseconds of a processor for a token that batches have room for."""
    for _ in range(10):  # those that were made ahead
        next(batches)
    began = time.process_time()
    for _ in range(BATCHES):
        next(batches)
    return (time.process_time() - began) / BATCHES / BATCHING.tokens * 1e6


@pytest.mark.parametrize("longest", [40, 250])
def test_noise_takes_less_than_five_times_the_time_of_batches_alone(tmp_path, longest):
    streams = {kind: stream(tmp_path / (kind or "none"), kind, longest) for kind in ["", *NOISES]}
    costs = {kind: [] for kind in streams}
    for _ in range(TURNS):
        for kind, batches in streams.items():
            costs[kind].append(cost(batches))
    medians = {kind: statistics.median(found) for kind, found in costs.items()}
    for kind, found in medians.items():
        print(f"\n{longest} tokens, {kind or 'no noise'}: {found:.3f} microseconds", end="")
    assert max(medians.values()) < 5 * medians[""]
