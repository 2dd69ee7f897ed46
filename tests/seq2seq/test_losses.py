import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.losses import LabelSmoothedCrossEntropy, cross_entropy

VOCABULARY = 7
DRAW = np.random.default_rng(0)
LOGITS = tf.constant(DRAW.normal(size=[3, 4, VOCABULARY]) * 3, tf.float32)
LABELS = np.array([[4, 5, 2, 0], [6, 2, 0, 0], [3, 1, 4, 2]], "int32")
WEIGHTS = (LABELS != 0).astype("float32")
smoothings = pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])


def by_one_hot(logits, smoothing):
    """Is the definition: the cross-entropy of the smoothed distribution [B, T]."""
    wanted = tf.one_hot(LABELS, VOCABULARY) * (1 - smoothing) + smoothing / VOCABULARY
    return -tf.reduce_sum(wanted * tf.nn.log_softmax(logits), axis=-1)


def value_and_gradient(loss, logits, upstream=WEIGHTS):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits)
    return value, tape.gradient(value, logits, upstream)


@smoothings
def test_value_and_gradient_are_those_of_the_one_hot_definition(smoothing):
    found = value_and_gradient(lambda logits: cross_entropy(LABELS, logits, smoothing), LOGITS)
    wanted = value_and_gradient(lambda logits: by_one_hot(logits, smoothing), LOGITS)
    assert found[0].shape == LABELS.shape
    for left, right in zip(found, wanted):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


@smoothings
def test_a_graph_gives_the_same_value_and_gradient(smoothing):
    loss = lambda logits: cross_entropy(LABELS, logits, smoothing)
    shapes = [tf.TensorSpec([None, None, VOCABULARY])]
    found = tf.function(lambda logits: value_and_gradient(loss, logits), shapes)(LOGITS)
    for left, right in zip(found, value_and_gradient(loss, LOGITS)):
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-6)


def test_without_smoothing_it_is_minus_the_log_probability_of_the_label():
    logits = np.log([[[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]]).astype("float32")
    found = cross_entropy(np.array([[1, 0]]), logits)
    np.testing.assert_allclose(found, -np.log([[0.5, 0.1]]), rtol=1e-5)


@smoothings
def test_bfloat16_logits_are_summed_in_float32(smoothing):
    rough = tf.cast(LOGITS, tf.bfloat16)
    loss = lambda logits: cross_entropy(LABELS, logits, smoothing)
    value, gradient = value_and_gradient(loss, rough)
    wanted, slope = value_and_gradient(loss, tf.cast(rough, tf.float32))
    assert (value.dtype, gradient.dtype) == (tf.float32, tf.bfloat16)
    np.testing.assert_array_equal(value, wanted)
    np.testing.assert_array_equal(gradient, tf.cast(slope, tf.bfloat16))


def test_weights_take_the_mean_over_real_tokens():
    loss = LabelSmoothedCrossEntropy(0.1)
    tokens = by_one_hot(LOGITS, 0.1)
    wanted = tf.reduce_sum(tokens * WEIGHTS) / WEIGHTS.sum()
    np.testing.assert_allclose(loss(LABELS, LOGITS, sample_weight=WEIGHTS), wanted, rtol=1e-6)
    # What stands at padding changes nothing.
    other = tf.where(WEIGHTS[..., None] == 0, 9.0 - LOGITS, LOGITS)
    np.testing.assert_allclose(loss(LABELS, other, sample_weight=WEIGHTS), wanted, rtol=1e-6)


@smoothings
def test_huge_logits_give_finite_losses_and_gradients(smoothing):
    loss = lambda logits: cross_entropy(LABELS, logits, smoothing)
    for tensor in value_and_gradient(loss, LOGITS * 1e4):
        assert np.isfinite(tensor).all()


def test_the_loss_is_saved_with_its_smoothing():
    loss = LabelSmoothedCrossEntropy(0.3)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.smoothing == 0.3
    np.testing.assert_array_equal(again(LABELS, LOGITS), loss(LABELS, LOGITS))


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_a_smoothing_that_is_no_share_is_refused(smoothing):
    with pytest.raises(ValueError, match=rf"\[0, 1\), not {smoothing}"):
        LabelSmoothedCrossEntropy(smoothing)
