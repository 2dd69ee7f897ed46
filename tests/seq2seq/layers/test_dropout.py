import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.dropout import Dropout

ONES = tf.ones([64, 1024])


def dropped(rate, draws=40, inputs=ONES):
    layer = Dropout(rate)
    return np.stack([layer(inputs, training=True) for _ in range(draws)])


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.3, 0.5, 0.995])
def test_the_share_that_is_dropped_is_the_rate(rate):
    found = dropped(rate)
    # A draw's share is off by up to 1 / 256, at random.
    bound = 4 * (0.5 / 256 / np.sqrt(len(found)) + np.sqrt(rate * (1 - rate) / found.size))
    assert abs((found == 0).mean() - rate) < bound
    assert {*np.unique(found)} == {0, np.float32(1 / (1 - rate))}


def test_every_place_is_dropped_sometimes_and_draws_differ():
    found = dropped(0.5)
    assert (found.min(axis=0) == 0).all() and (found.max(axis=0) == 2).all()
    assert (found[0] != found[1]).mean() == pytest.approx(0.5, abs=0.02)


def test_odd_sizes_and_outside_training():
    assert dropped(0.5, 1, tf.ones([3, 5])).shape == (1, 3, 5)
    assert dropped(0.5, 1, tf.ones([0, 5])).shape == (1, 0, 5)
    np.testing.assert_array_equal(Dropout(0.5)(ONES), ONES)
    np.testing.assert_array_equal(Dropout(0.0)(ONES, training=True), ONES)


def test_gradients_pass_where_values_pass():
    layer = Dropout(0.5)
    with tf.GradientTape() as tape:
        tape.watch(ONES)
        outputs = layer(ONES, training=True)
    np.testing.assert_array_equal(tape.gradient(outputs, ONES), outputs)


def test_each_replica_draws_its_own_mask():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = Dropout(0.5)
    masks = strategy.run(tf.function(lambda: layer(ONES, training=True)))
    first, second = strategy.experimental_local_results(masks)
    assert np.mean(first.numpy() != second.numpy()) == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(*strategy.experimental_local_results(layer.seeds.state.value))


@pytest.mark.parametrize("rate", [-0.1, 0.999, 1.0])
def test_a_rate_that_leaves_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="dropout is a probability"):
        Dropout(rate)
