import json
import random
import threading
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.training.progress import Progress
from seq2seq.training.round_log import RoundLog

EVERY, ROUNDS = 5, 8


@pytest.fixture
def model():
    return types.SimpleNamespace(
        optimizer=types.SimpleNamespace(learning_rate=keras.Variable(0.5)),
        trainable_variables=[keras.Variable(np.arange(6.0), name="weights")],
    )


def begin(folder, model, progress, **options):
    log = RoundLog(folder / "metrics.jsonl", folder / "tensorboard", progress, **options)
    log.set_model(model)
    log.on_train_begin()
    return log


def end_rounds(log, rounds):
    """Ends so many rounds more; what they measure depends on the step alone."""
    for _ in range(rounds):
        log.progress.step += EVERY
        draw = random.Random(log.progress.step)
        log.on_epoch_end(0, {"loss": draw.random(), "val_loss": np.float32(draw.random())})


def events(folder):
    """Reads what TensorBoard reads: (tag, step, value), in order."""
    for path in sorted((folder / "tensorboard").iterdir()):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                yield value.tag, event.step, tf.make_ndarray(value.tensor)


def test_a_round_is_a_line(model, tmp_path):
    log = begin(tmp_path, model, Progress(step=10, skipped=3))
    log.progress.step = 12
    log.on_epoch_end(2, {"loss": np.float32(0.25), "val_bleu": 7})
    log.on_train_end()
    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    wanted = {"step": 12, "learning_rate": 0.5, "loss": 0.25, "val_bleu": 7.0}
    assert json.loads(line) == wanted
    told = {tag: (step, float(value)) for tag, step, value in events(tmp_path)}
    assert told["loss"] == (12, 0.25) and told["validation/bleu"] == (12, 7.0)


@pytest.mark.parametrize("seed", range(8))
def test_the_log_of_a_killed_run_is_that_of_one_never_killed(seed, model, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    log = begin(whole, model, Progress())
    end_rounds(log, ROUNDS)
    log.on_train_end()
    draw, saved, path = random.Random(seed), 0, killed / "metrics.jsonl"
    while saved < ROUNDS:
        log = begin(killed, model, Progress(step=saved * EVERY))
        # The last of these rounds may be killed amid its line, or before its checkpoint.
        ended = draw.randint(1, ROUNDS - saved)
        end_rounds(log, ended)
        log.writer.close()
        if saved + ended == ROUNDS and draw.random() < 0.5:
            break
        content = path.read_bytes()
        torn = draw.randint(0, len(content.splitlines(keepends=True)[-1]))
        path.write_bytes(content[: len(content) - torn])
        saved += draw.randint(0, ended - 1)
    assert path.read_bytes() == (whole / "metrics.jsonl").read_bytes()


def test_lines_that_are_no_lines_are_taken_away(model, tmp_path):
    path = tmp_path / "metrics.jsonl"
    good = b'{"step": 5, "loss": NaN}\n'
    for bad in (b"\x00\x00\x00\n", b"[5]\n", b"5\n", b'{"loss": 1}\n', b'{"step": 5}', b'{"ste'):
        path.write_bytes(good + bad)
        begin(tmp_path, model, Progress(step=5)).on_train_end()
        assert path.read_bytes() == good
    begin(tmp_path, model, Progress()).on_train_end()
    assert path.read_bytes() == b""


def test_histograms_are_of_the_weights_as_they_were_at_the_end_of_a_round(
    model, tmp_path, monkeypatch
):
    (weights,) = model.trainable_variables
    going, counted = threading.Event(), []
    histogram = tf.summary.histogram

    def counting(name, values, *rest):
        assert going.wait(30) and threading.current_thread() is not threading.main_thread()
        counted.append(values.tolist())
        return histogram(name, values, *rest)

    monkeypatch.setattr(tf.summary, "histogram", counting)
    log = begin(tmp_path, model, Progress(), histograms=True)
    end_rounds(log, 1)
    weights.assign(weights * 0)  # the loop goes on beside
    assert not counted
    going.set()
    end_rounds(log, 1)
    log.on_train_end()
    assert counted == [list(range(6)), [0] * 6]
    told = [(step, value) for tag, step, value in events(tmp_path) if tag == "weights"]
    assert [step for step, _ in told] == [EVERY, 2 * EVERY]
    assert told[0][1][:, 2].sum() == 6  # buckets are (left, right, count)


def test_what_goes_wrong_beside_is_raised(model, tmp_path, monkeypatch):
    def failing(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(tf.summary, "histogram", failing)
    log = begin(tmp_path, model, Progress(), histograms=True)
    end_rounds(log, 1)
    with pytest.raises(OSError, match="the disk is full"):
        log.on_train_end()
