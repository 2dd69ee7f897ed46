import sys

import pytest
import tensorflow as tf
from small_task import VOCABULARY, make_model

from seq2seq.training import batch_size
from seq2seq.training.batch_size import BatchTimer, Trial, fastest, read_trials, tried
from seq2seq.training.random_batches import random_batches
from seq2seq.training.trainer import Trainer


def measuring(speeds, asked):
    """Makes a measure that knows the speed of each size; beyond these there is no memory."""

    def measure(tokens):
        asked.append(tokens)
        if tokens not in speeds:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return speeds[tokens]

    return measure


def search(speeds, **options):
    """Returns the sizes that were asked for, and the one that was found."""
    asked: list[int] = []
    trials = list(tried(measuring(speeds, asked), **options))
    assert [trial.tokens for trial in trials] == asked
    return asked, fastest(trials)


def test_the_search_ends_at_the_first_size_that_does_not_fit():
    speeds = {512: 100.0, 1024: 150.0, 4096: 999.0}
    assert search(speeds) == ([512, 1024, 2048], 1024)


def test_the_search_ends_when_speed_no_longer_grows():
    speeds = {512: 100.0, 1024: 150.0, 2048: 152.0, 4096: 999.0}
    assert search(speeds) == ([512, 1024, 2048], 2048)


def test_the_fastest_is_found_where_larger_ones_are_slower():
    assert search({512: 100.0, 1024: 90.0, 2048: 999.0}) == ([512, 1024], 512)


def test_of_equals_the_larger_is_found():
    assert search({512: 100.0, 1024: 100.0, 2048: 999.0}) == ([512, 1024], 1024)


def test_no_size_beyond_the_largest_is_tried():
    growing = {512 * 2**n: 100.0 * 2**n for n in range(20)}
    assert search(growing, largest=2500) == ([512, 1024, 2048], 2048)
    assert search({300: 1.0}, largest=300) == ([300], 300)
    assert search(growing)[1] == batch_size.LARGEST


def test_it_is_said_when_nothing_fits():
    with pytest.raises(ValueError, match="not even a batch of 512 tokens fits"):
        search({})
    with pytest.raises(ValueError, match="not even a batch"):
        fastest([])


def test_a_program_that_is_killed_has_tried_what_it_printed():
    line = 'print(\'{"tokens": 512, "target_tokens_a_second": 7.5}\', flush=True)'
    killed = f"import os; {line}; os.kill(os.getpid(), 9)"
    assert read_trials([sys.executable, "-c", killed]) == [Trial(512, 7.5)]
    assert read_trials([sys.executable, "-c", line]) == [Trial(512, 7.5)]
    with pytest.raises(ValueError, match="give batches.tokens a number"):
        read_trials([sys.executable, "-c", f"{line}; raise SystemExit(2)"])


def test_random_batches_have_their_shape_and_no_padding_but_rows_for_replicas():
    stream = random_batches((9, 7), rows=5, source=3, target=4, replicas=2)
    place, inputs, labels, weights = next(stream)
    assert place.numpy().tolist() == [0, 0] and next(stream)[0].numpy().tolist() == [0, 1]
    source, target = inputs["source"].numpy(), inputs["target"].numpy()
    assert source.shape == (6, 3) and target.shape == labels.shape == weights.shape == (6, 4)
    assert (source[:5] >= 4).all() and (source[:5] < 9).all() and not source[5].any()
    assert (target[:5, 0] == 1).all() and not target[5].any()
    assert (target[:5, 1:] == labels.numpy()[:5, :-1]).all() and (labels.numpy()[:5] < 7).all()
    assert weights.numpy().sum() == 20


def test_updates_are_timed_until_memory_would_be_short(monkeypatch):
    trainer = Trainer(make_model())
    timer = BatchTimer(trainer, (VOCABULARY, VOCABULARY), (9, 7), (5, 4))
    assert timer(20) > 0
    assert int(trainer.optimizer.iterations) == 2 + batch_size.TIMED
    monkeypatch.setattr(batch_size, "machine_memory", lambda: 1000)
    with pytest.raises(MemoryError):
        timer(40)
    assert int(trainer.optimizer.iterations) == 2 + batch_size.TIMED
