import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.dense import Dense
from seq2seq.layers.layer_normalization import LayerNormalization

DRAW = np.random.default_rng(0)
INPUTS = DRAW.normal(size=(2, 3, 8)).astype("float32")
UPSTREAM = DRAW.normal(size=(2, 3, 8)).astype("float32")

PAIRS = {
    "dense": (Dense(8), keras.layers.Dense(8)),
    "no bias": (Dense(8, use_bias=False), keras.layers.Dense(8, use_bias=False)),
    "relu": (Dense(8, "relu"), keras.layers.Dense(8, "relu")),
    "norm": (LayerNormalization(epsilon=1e-6), keras.layers.LayerNormalization(epsilon=1e-6)),
}


def outputs_and_gradients(layer, weights, compiled, policy="float32"):
    layer = type(layer).from_config(layer.get_config() | {"dtype": policy})
    layer.build(INPUTS.shape)
    layer.set_weights(weights)

    def run(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(tf.cast(inputs, layer.compute_dtype))
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * UPSTREAM)
        return outputs, *tape.gradient(loss, [inputs, *(w.value for w in layer.weights)])

    run = tf.function(run) if compiled else run
    return [np.asarray(tf.cast(each, tf.float32)) for each in run(tf.constant(INPUTS))]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("kind", PAIRS)
def test_values_and_gradients_are_those_of_keras(kind, compiled):
    ours, theirs = PAIRS[kind]
    theirs = type(theirs).from_config(theirs.get_config())
    theirs.build(INPUTS.shape)
    weights = [DRAW.normal(size=weight.shape) for weight in theirs.weights]
    wanted = outputs_and_gradients(theirs, weights, compiled)
    found = outputs_and_gradients(ours, weights, compiled)
    assert len(found) == len(wanted) == 2 + len(weights)
    for left, right in zip(found, wanted):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-5)
    rounded = outputs_and_gradients(ours, weights, compiled, "mixed_bfloat16")
    for left, right in zip(rounded, wanted):
        np.testing.assert_allclose(left, right, rtol=0.05, atol=0.05 * np.abs(right).max())


@pytest.mark.parametrize("kind", PAIRS)
def test_weights_have_the_names_and_shapes_of_keras(kind):
    for layer in PAIRS[kind]:
        if not layer.built:
            layer.build(INPUTS.shape)
    ours, theirs = ([(w.name, w.shape) for w in layer.weights] for layer in PAIRS[kind])
    assert ours == theirs
