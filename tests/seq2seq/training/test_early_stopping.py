import json
import math
import types

import pytest
import small_task

from seq2seq.training.checkpoints import Checkpoints
from seq2seq.training.early_stopping import EarlyStopping
from seq2seq.training.trainer import Trainer


def make(metric="loss", patience=2, **options):
    stop = EarlyStopping(metric, patience, **options)
    stop.set_model(types.SimpleNamespace(stop_training=False))
    return stop


def rounds_until_it_stops(stop, *values):
    """Ends a round a value -> how many rounds there were."""
    for number, value in enumerate(values, 1):
        stop.on_epoch_end(number, {"loss": 9.0, f"val_{stop.metric}": value})
        if stop.model.stop_training:
            return number
    return None


@pytest.mark.parametrize(
    "metric, values, rounds",
    [
        ("loss", [3.0, 2.0, 2.5, 2.0], 4),
        ("loss", [3.0, 3.5, 2.9, 2.8, 2.7], None),
        ("perplexity", [3.0, 4.0, 5.0], 3),
        ("bleu", [3.0, 4.0, 5.0], None),
        ("bleu", [3.0, 4.0, 4.0, 1.0], 4),
        ("accuracy", [0.5, 0.4, 0.6, 0.5, 0.5], 5),
        ("loss", [math.nan, math.nan], 2),
        ("loss", [2.0, math.nan, 1.0, -math.inf, math.nan], 5),
        ("bleu", [math.nan, 1.0, math.inf, math.nan], 4),
    ],
)
def test_it_stops_after_rounds_without_a_better_metric(metric, values, rounds):
    assert rounds_until_it_stops(make(metric), *values) == rounds


def test_a_gain_may_be_too_small_to_count():
    values = [1.0, 0.75, 0.5, 0.25]
    assert rounds_until_it_stops(make(least_gain=0.125), *values) is None
    # The best stays the first: small gains add up until they count.
    assert rounds_until_it_stops(make(least_gain=0.25), *values) is None
    assert rounds_until_it_stops(make(least_gain=0.5), *values) == 3


def test_it_goes_on_where_a_killed_run_left_off():
    values = [3.0, 1.0, 2.0, 1.5, 0.5, 2.0, 2.0, 2.0, 2.0]
    whole = rounds_until_it_stops(make(patience=3), *values)
    for cut in range(whole):
        first, second = make(patience=3), make(patience=3)
        assert rounds_until_it_stops(first, *values[:cut]) is None
        second.state = json.loads(json.dumps(first.state))
        second.on_train_begin()
        assert rounds_until_it_stops(second, *values[cut:]) == whole - cut


def test_what_was_stopped_stays_stopped():
    stop = make()
    assert rounds_until_it_stops(stop, 1.0, 1.0, 1.0) == 3
    again = make()
    again.state = json.loads(json.dumps(stop.state))
    again.on_train_begin()
    assert again.model.stop_training


def test_a_run_that_it_ended_is_over_and_one_that_was_killed_goes_on(tmp_path):
    def fit(steps):
        trainer, checkpoints = Trainer(small_task.Tiny()), Checkpoints(tmp_path)
        progress = checkpoints.restore(trainer)
        batches = small_task.make_batches(20, first=progress.step)
        watch = {"validate": lambda: {"loss": 1.0}, "callbacks": [EarlyStopping("loss", 2)]}
        return trainer.fit(batches, steps, 2, checkpoints=checkpoints, progress=progress, **watch)

    assert fit(steps=4).kept["early_stopping"] == {"best": 1.0, "waited": 1}
    assert fit(steps=20).step == 6
    assert fit(steps=20).step == 6


def test_a_metric_that_is_not_measured_is_an_error():
    with pytest.raises(ValueError, match=r"bleu .* not measured \(measured: loss, accuracy\)"):
        make("bleu").on_epoch_end(0, {"loss": 1.0, "val_accuracy": 0.5})


@pytest.mark.parametrize("options", [{"patience": 0}, {"least_gain": -1}, {"least_gain": math.nan}])
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match=f"{[*options][0]} = "):
        make(**options)
