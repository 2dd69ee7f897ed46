import functools
import json
import math

import keras
import numpy as np
import pytest
import small_task

from seq2seq.training.checkpoints import Checkpoints
from seq2seq.training.guard import Diverged, Guard
from seq2seq.training.refused_batches import RefusedBatches
from seq2seq.training.schedules import Constant, Scaled, rescale
from seq2seq.training.trainer import Trainer


def judge(guard, *norms, loss=1.0):
    return [guard.accepts(loss, norm) for norm in norms]


def rescaled(**options):
    """Makes a guard, and the list of rates that it leaves behind."""
    rates = [1.0]
    guard = Guard(rescale=lambda ratio: rates.append(rates[-1] * ratio), **options)
    return guard, rates


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(bad):
    guard = Guard()
    assert not guard.accepts(bad, 1.0)
    assert not guard.accepts(1.0, bad)
    assert guard.accepts(1.0, 1e30)
    assert guard.state["refused"] == 2


def test_a_spike_is_refused_once_the_mean_is_known():
    guard = Guard(spike=4, window=2)
    assert judge(guard, 9.0, 1.0) == [True, True]  # the mean is 5
    assert judge(guard, 20.5, 19.5) == [False, True]  # the mean is 5 + 14.5 / 2
    assert judge(guard, 49.5, 48.5) == [False, True]
    assert judge(Guard(window=1), 1.0, 1e9) == [True, True]


def test_a_loss_may_spike_too():
    guard = Guard(spike=3, window=1)
    assert guard.accepts(2.0, 1.0)
    assert not guard.accepts(6.5, 1.0)
    assert guard.accepts(5.5, 1.0)


def test_refused_updates_do_not_count_in_the_mean():
    one, other = Guard(spike=4, window=3), Guard(spike=4, window=3)
    judge(one, 1.0, 2.0, 3.0, 2.0)
    judge(other, 1.0, math.nan, 2.0, 3.0, 1e9, 2.0)
    assert (one.state["loss"], one.state["norm"]) == (other.state["loss"], other.state["norm"])


def test_too_many_refusals_in_a_row_end_training():
    guard = Guard(refusals=3, keep=lambda update, batches: f"{update}-{len(batches)}.npz")
    nan = math.nan
    assert judge(guard, 1.0, nan, nan, 1.0, nan, nan) == [True, False, False, True, False, False]
    with pytest.raises(Diverged) as stopped:
        guard.accepts(2.5, nan, ["batch", "batch"])
    wanted = ("3 updates in a row", "update 7 has loss 2.5 a token, norm nan", "7-2.npz", "lower")
    assert all(part in str(stopped.value) for part in wanted)
    assert isinstance(stopped.value, ValueError)


def test_only_refused_batches_are_put_away():
    kept = []
    guard = Guard(keep=lambda *told: kept.append(told))
    for number, norm in enumerate([1.0, math.nan, 2.0, math.inf], 1):
        guard.accepts(1.0, norm, [number])
    assert kept == [(2, [2]), (4, [4])]


def test_the_rate_falls_at_refusals_and_comes_back():
    guard, rates = rescaled(back_off=0.5, window=2)
    judge(guard, 1.0, 1.0, 1.0, math.nan, math.nan)
    assert rates == [1.0, 0.5, 0.25]
    judge(guard, 1.0, 1.0, 1.0, math.nan)
    assert rates[3:] == [0.5, 0.25]
    judge(guard, *9 * [1.0])
    assert rates[5:] == [0.5, 1.0]


def test_the_rate_does_not_fall_without_end():
    guard, rates = rescaled(back_off=0.5, refusals=99)
    judge(guard, *50 * [math.nan])
    assert rates[-1] == 0.5**Guard.EASED


def test_a_back_off_of_1_leaves_the_rate_alone():
    guard, rates = rescaled(window=1)
    judge(guard, 1.0, math.nan, 1.0, 1.0)
    assert rates == [1.0]


def test_it_goes_on_where_a_killed_run_left_off():
    norms = [0.1, 0.7, math.nan, 1 / 3, 9.0, 0.2, math.inf, 0.3, 0.9, 0.1, 5.0, 0.3, 0.2]
    options = {"spike": 2.5, "back_off": 0.5, "window": 2}
    guard, rates = rescaled(**options)
    whole = judge(guard, *norms)
    assert False in whole and len(rates) > 3
    for cut in range(len(norms)):
        first, before = rescaled(**options)
        second, after = rescaled(**options)
        told = judge(first, *norms[:cut])
        second.state |= json.loads(json.dumps(first.state))
        assert told + judge(second, *norms[cut:]) == whole
        assert second.state == guard.state
        assert before[-1] * after[-1] == rates[-1]


def test_a_refused_update_changes_only_the_rate_and_is_told_of(tmp_path):
    optimizer = keras.optimizers.SGD(Scaled(Constant(0.5, warmup=0)))
    keep, slow_down = RefusedBatches(tmp_path / "refused"), functools.partial(rescale, optimizer)
    guard = Guard(spike=1.5, back_off=0.5, window=1, keep=keep, rescale=slow_down)
    trainer = Trainer(small_task.Tiny(), optimizer=optimizer, guard=guard)
    (good,) = small_task.make_batches(1)
    *rest, weights = good
    one_token = np.zeros(weights.shape, "float32")
    one_token[0, 0] = 1.0
    bad = (*rest, weights * one_token)  # its gradient is not the mean of many that differ
    trainer.fit([good], steps=1, checkpoints=Checkpoints(tmp_path))
    before = np.asarray(trainer.model.read.embeddings)
    progress = Checkpoints(tmp_path).restore(trainer)
    guard.state["norm"] = 0.0  # as of a guard that is new
    trainer.fit([bad], steps=2, checkpoints=Checkpoints(tmp_path), progress=progress)
    assert (progress.step, progress.skipped, progress.kept["guard"]["refused"]) == (2, 1, 1)
    np.testing.assert_array_equal(trainer.model.read.embeddings, before)
    assert float(optimizer.learning_rate) == 0.25
    assert [path.name for path in (tmp_path / "refused").iterdir()] == ["2.npz"]


@pytest.mark.parametrize(
    "options",
    [{"spike": 1.0}, {"spike": -2}, {"spike": math.nan}, {"spike": math.inf}, {"refusals": 0}]
    + [{"back_off": 0}, {"back_off": 1.5}, {"window": 0}],
)
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match=f"{[*options][0]} = "):
        Guard(**options)
