import keras
import pytest

from seq2seq.training.schedules import SCHEDULES, InverseSquareRoot, Linear


def rates(schedule, *updates):
    """The optimizer counts from 0: update n is made at step n - 1."""
    return [float(schedule(update - 1)) for update in updates]


def test_inverse_square_root_rises_in_a_line_and_falls_as_it_says():
    found = rates(InverseSquareRoot(peak=1e-3, warmup=4000), 1, 2000, 4000, 16000, 64000)
    assert found == pytest.approx([2.5e-7, 5e-4, 1e-3, 5e-4, 2.5e-4])


def test_linear_rises_and_falls_in_lines_and_stays_at_its_end():
    schedule = Linear(steps=10, peak=1e-3, warmup=2)
    assert rates(schedule, 1, 2, 6, 10, 20) == pytest.approx([5e-4, 1e-3, 5e-4, 0, 0])


def test_linear_may_end_above_zero_and_begin_at_its_peak():
    schedule = Linear(steps=4, peak=1.0, warmup=0, final=0.2)
    assert rates(schedule, 1, 2, 4, 9) == pytest.approx([0.8, 0.6, 0.2, 0.2])


@pytest.mark.parametrize("schedule", [InverseSquareRoot(0.5, 7), Linear(9, 0.5, 3, 0.1)])
def test_a_schedule_is_saved_with_its_optimizer(schedule):
    optimizer = keras.optimizers.Adam(schedule)
    again = keras.optimizers.Adam.from_config(optimizer.get_config())
    assert rates(again._learning_rate, 1, 5, 8) == rates(schedule, 1, 5, 8)


def test_every_schedule_of_recipes_is_tested_here():
    assert set(SCHEDULES.values()) == {InverseSquareRoot, Linear}


@pytest.mark.parametrize(
    "make", [lambda: InverseSquareRoot(warmup=0), lambda: Linear(5, warmup=5), lambda: Linear(5)]
)
def test_a_warm_up_that_cannot_be_is_refused(make):
    with pytest.raises(ValueError, match="warmup = "):
        make()
