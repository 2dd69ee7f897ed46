import json
import math
import types

import keras
import pytest

from seq2seq.training.lower_on_plateau import LowerOnPlateau
from seq2seq.training.schedules import Constant, Plateau, Scaled, rescale


def make(metric="loss", **options):
    lower = LowerOnPlateau(metric, **{"patience": 2, "least": 0.0} | options)
    optimizer = keras.optimizers.SGD(Scaled(Constant(1.0, warmup=0)))
    lower.set_model(types.SimpleNamespace(optimizer=optimizer))
    return lower


def rates(lower, *values):
    """Ends a round a value -> the rate after each."""
    told = []
    for value in values:
        lower.on_epoch_end(0, {f"val_{lower.metric}": value})
        told.append(float(lower.model.optimizer.learning_rate))
    return told


def test_the_rate_falls_after_rounds_without_a_better_metric():
    assert rates(make(), 3.0, 3.0, 2.0, 2.0, 2.0, 1.0) == [1, 1, 1, 1, 0.5, 0.5]
    assert rates(make("bleu"), 3.0, 2.0, 2.0, 4.0) == [1, 1, 0.5, 0.5]
    assert rates(make(patience=1), 3.0, math.nan, 4.0) == [1, 0.5, 0.25]


def test_each_lowering_waits_anew():
    assert rates(make(factor=0.25), *7 * [1.0]) == [1, 1, 0.25, 0.25, 0.0625, 0.0625, 0.015625]


def test_the_rate_stays_at_its_least_share():
    found = rates(make(patience=1, least=0.2), *6 * [1.0])
    assert found == pytest.approx([1, 0.5, 0.25, 0.2, 0.2, 0.2])


def test_what_others_lowered_stays_lowered():
    lower = make(patience=1)
    rescale(lower.model.optimizer, 0.125)
    assert rates(lower, 1.0, 1.0) == [0.125, 0.0625]
    rescale(lower.model.optimizer, 8.0)
    assert rates(lower, 0.5, 1.0) == [0.5, 0.25]


def test_it_goes_on_where_a_killed_run_left_off():
    values = [3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 2.0]
    whole = rates(make(), *values)
    for cut in range(len(values)):
        first, second = make(), make()
        found = rates(first, *values[:cut])
        second.state = json.loads(json.dumps(first.state))
        rescale(second.model.optimizer, float(first.model.optimizer.learning_rate))
        assert found + rates(second, *values[cut:]) == whole


def test_the_schedules_options_are_its_own():
    lower = LowerOnPlateau("loss", **Plateau(factor=0.25, patience=3, least=0.125).plateau)
    assert (lower.factor, lower.patience, lower.least) == (0.25, 3, 0.125)


@pytest.mark.parametrize("options", [{"factor": 1.0}, {"factor": 0.0}, {"least": 1.5}])
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match="choose shares, from 0 to 1"):
        make(**options)
