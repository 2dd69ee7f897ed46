import numpy as np
import pytest

from seq2seq.kept_weights.stored_weight import stored

DRAW = np.random.default_rng(7)
WEIGHT = DRAW.normal(size=(32, 48)).astype("float32")


def test_eight_bits_are_off_by_half_a_step_of_their_channel_at_most():
    kept = stored(WEIGHT, "int8")
    assert kept.integers.dtype == "int8"
    off = np.abs(kept.read() - WEIGHT)
    assert (off <= 0.5001 * kept.scale.numpy()).all() and off.max() > 0


@pytest.mark.parametrize("axis", [0, 1])
def test_channels_run_along_the_axis_that_rounds_less(axis):
    # Each row, or column, is half as large as the one before it.
    sizes = np.expand_dims(0.5 ** np.arange(WEIGHT.shape[axis]), 1 - axis)
    kept = stored((WEIGHT * sizes).astype("float32"), "int8")
    assert kept.scale.shape[axis] == WEIGHT.shape[axis] and kept.scale.shape[1 - axis] == 1
    largest = np.abs(WEIGHT * sizes).max(axis=1 - axis, keepdims=True)
    np.testing.assert_allclose(kept.scale, largest / 127, rtol=1e-5)


def test_a_channel_of_zeros_stays_zero():
    for nothing in (0.0, 1e-44):
        weight = np.where(np.arange(48) == 3, nothing, WEIGHT).astype("float32")
        assert (stored(weight, "int8").read()[:, 3] == 0).numpy().all()


def test_bfloat16_keeps_eight_significant_bits():
    kept = stored(WEIGHT, "bfloat16")
    assert kept.rounded.dtype == "bfloat16"
    np.testing.assert_allclose(kept.read(), WEIGHT, rtol=2.0**-8)


@pytest.mark.parametrize("shape", [(4096,), (4, 8)])
def test_what_is_small_or_has_one_axis_stays_as_it_is(shape):
    assert stored(np.ones(shape, "float32"), "int8") is None


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="int8, bfloat16.*'int4'"):
        stored(WEIGHT, "int4")
