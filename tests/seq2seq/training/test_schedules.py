import math

import keras
import pytest
import tensorflow as tf

from seq2seq.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    InverseSquareRoot,
    Linear,
    Noam,
    Plateau,
    Scaled,
    rescale,
    scale_of,
)

EXAMPLES = {
    "inverse_square_root": InverseSquareRoot(0.5, 7),
    "linear": Linear(9, 0.5, 3, 0.1),
    "cosine": Cosine(9, 0.5, 3, 0.1),
    "constant": Constant(0.5, 3),
    "noam": Noam(16, 4, 2.0),
    "plateau": Plateau(0.5, 3, 0.25, 4, 0.125),
}


def rates(schedule, *updates):
    """The optimizer counts from 0: update n is made at step n - 1."""
    return [float(schedule(update - 1)) for update in updates]


def test_inverse_square_root_rises_in_a_line_and_falls_as_it_says():
    found = rates(InverseSquareRoot(peak=1e-3, warmup=4000), 1, 2000, 4000, 16000, 64000)
    assert found == pytest.approx([2.5e-7, 5e-4, 1e-3, 5e-4, 2.5e-4])


def test_noam_is_the_papers_equation():
    wanted = lambda n: 2.0 * 16**-0.5 * min(n**-0.5, n * 4**-1.5)
    updates = (1, 2, 4, 5, 16, 1000)
    assert rates(Noam(units=16, warmup=4, scale=2.0), *updates) == pytest.approx(
        list(map(wanted, updates))
    )
    base = rates(Noam(512), 1, 4000, 16000)
    assert base == pytest.approx([1.75e-7, 6.99e-4, 3.49e-4], rel=2e-3)


def test_linear_rises_and_falls_in_lines_and_stays_at_its_end():
    schedule = Linear(steps=10, peak=1e-3, warmup=2)
    assert rates(schedule, 1, 2, 6, 10, 20) == pytest.approx([5e-4, 1e-3, 5e-4, 0, 0])


def test_linear_may_end_above_zero_and_begin_at_its_peak():
    schedule = Linear(steps=4, peak=1.0, warmup=0, final=0.2)
    assert rates(schedule, 1, 2, 4, 9) == pytest.approx([0.8, 0.6, 0.2, 0.2])


def test_cosine_rises_in_a_line_and_falls_along_half_a_cosine():
    found = rates(Cosine(steps=10, peak=1e-3, warmup=2), 1, 2, 4, 6, 8, 10, 20)
    by_hand = [(1 + math.cos(math.pi * place)) / 2e3 for place in (0.25, 0.75)]
    assert by_hand == pytest.approx([8.54e-4, 1.46e-4], rel=4e-3)
    wanted = [5e-4, 1e-3, by_hand[0], 5e-4, by_hand[1], 0, 0]
    assert found == pytest.approx(wanted, abs=1e-9)
    ends_above = Cosine(steps=4, peak=1.0, warmup=0, final=0.2)
    assert rates(ends_above, 2, 4, 9) == pytest.approx([0.6, 0.2, 0.2])


@pytest.mark.parametrize("kind", [Constant, Plateau])
def test_constant_rises_in_a_line_and_stays(kind):
    assert rates(kind(1e-3, 4), 1, 2, 4, 5, 9999) == pytest.approx([2.5e-4, 5e-4] + 3 * [1e-3])
    assert rates(kind(1e-3, 0), 1, 2) == pytest.approx(2 * [1e-3])


def test_plateau_alone_says_when_it_is_to_be_lowered():
    told = {kind: schedule.plateau for kind, schedule in EXAMPLES.items() if schedule.plateau}
    assert told == {"plateau": {"factor": 0.25, "patience": 4, "least": 0.125}}


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_is_saved_with_its_optimizer(kind):
    schedule = EXAMPLES[kind]
    assert type(schedule) is SCHEDULES[kind]
    for given in (schedule, Scaled(schedule)):
        optimizer = keras.optimizers.Adam(given)
        again = keras.optimizers.Adam.from_config(optimizer.get_config())._learning_rate
        assert type(again) is type(given) and again.get_config() == given.get_config()
        assert rates(again, 1, 3, 5, 8) == rates(schedule, 1, 3, 5, 8)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_never_exceeds_its_peak_and_has_it_at_the_end_of_the_warm_up(kind):
    schedule = EXAMPLES[kind]
    found = rates(schedule, *range(1, 30))
    assert max(found) == found[schedule.warmup - 1] == pytest.approx(schedule.peak)


@pytest.mark.parametrize(
    "make, said",
    {
        lambda: InverseSquareRoot(warmup=0): "warmup = 0: choose 1 update or more",
        lambda: Noam(8, warmup=0): "warmup = 0: choose 1 update or more",
        lambda: Noam(0): "units = 0: give the model's width",
        lambda: Linear(5, warmup=5): "warmup = 5 of steps = 5",
        lambda: Linear(5): "warmup = 4000 of steps = 5",
        lambda: Cosine(5, warmup=-1): "warmup = -1 of steps = 5",
        lambda: Cosine(5, 0.1, 1, 0.2): "final = 0.2: choose 0 <= final <= peak, which is 0.1",
        lambda: Constant(warmup=-1): "warmup = -1: choose 0",
        lambda: Plateau(factor=1.0): "factor = 1.0: choose 0 < factor < 1",
        lambda: Plateau(patience=0): "patience = 0: choose 1 round",
        lambda: Plateau(least=2): "least = 2: choose a share",
    }.items(),
)
def test_what_cannot_be_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_only_a_scaled_rate_can_be_lowered():
    schedule = Constant(0.5, warmup=0)
    for rate in (0.5, schedule):
        optimizer = keras.optimizers.SGD(rate)
        assert scale_of(optimizer) is None
        with pytest.raises(ValueError, match=r"give the optimizer Scaled\(schedule\)"):
            rescale(optimizer, 0.5)
    optimizer = keras.optimizers.SGD(Scaled(schedule))
    rescale(optimizer, 0.5)
    rescale(optimizer, 0.25)
    assert float(scale_of(optimizer).value) == 0.125
    assert float(optimizer.learning_rate) == 0.0625


def test_all_replicas_use_the_lowered_rate_without_tracing_again():
    strategy = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], tf.distribute.ReductionToOneDevice()
    )
    with strategy.scope():
        optimizer = keras.optimizers.SGD(Scaled(Constant(0.5, warmup=0)))

    @tf.function
    def seen():
        return strategy.run(lambda: optimizer.learning_rate * 1.0)

    told = lambda: [float(rate) for rate in strategy.experimental_local_results(seen())]
    assert told() == [0.5, 0.5]
    rescale(optimizer, 0.5)
    assert told() == [0.25, 0.25]
    assert seen.experimental_get_tracing_count() == 1
