"""Times our layers and Adam beside Keras's, in turns: `make benchmark`."""

import statistics
import time

import keras
import pytest
import tensorflow as tf

from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.layer_normalization import LayerNormalization
from seq2seq.layers.recurrent import Recurrent
from seq2seq.training.adam import Adam
from seq2seq.training.memory import keep_freed_memory

pytestmark = pytest.mark.slow
TURNS = 15


def update(layer, inputs):
    """Makes a graph of the layer's gradient for its inputs and weights."""

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = tf.nest.flatten(layer(inputs, training=True))[0]
            total = tf.reduce_sum(tf.cast(outputs, "float32") ** 2)
        return tape.gradient(total, [inputs, *layer.trainable_variables])

    return gradient


def ratio(ours, theirs):
    """Returns the median of our times over the median of theirs."""
    times: list[list[float]] = [[], []]
    for turn in range(TURNS + 2):
        for function, kept in zip((ours, theirs), times):
            began = time.perf_counter()
            for gradient in function():
                gradient.numpy()
            if turn > 1:  # the first calls trace and fill caches
                kept.append(time.perf_counter() - began)
    return statistics.median(times[0]) / statistics.median(times[1])


NORM = {"epsilon": 1e-6}
# Ours, Keras's, and the shape of what they read.
LAYERS = {
    "dropout": (Dropout, keras.layers.Dropout, {"rate": 0.3}, [4096, 512]),
    "dense": (Dense, keras.layers.Dense, {"units": 1024, "activation": "relu"}, [64, 24, 256]),
    "norm": (LayerNormalization, keras.layers.LayerNormalization, NORM, [64, 24, 256]),
    "recurrent": (
        Recurrent,
        lambda **options: keras.layers.LSTM(return_sequences=True, **options),
        {"units": 512},
        [64, 24, 256],
    ),
}


CASES = [(kind, policy) for kind in LAYERS for policy in ("float32", "mixed_bfloat16")]
CASES.remove(("dense", "float32"))  # as fast as Keras's


@pytest.mark.parametrize("kind, policy", CASES)
def test_a_layer_takes_less_time_than_that_of_keras(kind, policy):
    keep_freed_memory()
    ours, theirs, options, shape = LAYERS[kind]
    inputs = tf.cast(tf.random.normal(shape), keras.DTypePolicy(policy).compute_dtype)
    layers = [make(dtype=policy, **options) for make in (ours, theirs)]
    found = ratio(*(update(layer, inputs) for layer in layers))
    print(f"\n{kind}, {policy}: {found:.2f} of the time of Keras's")
    assert found < 1


def test_adam_takes_less_time_than_that_of_keras():
    keep_freed_memory()
    gradients = [tf.random.normal([1000, 1000]) for _ in range(10)]

    def update(kind):
        variables = [keras.Variable(gradient) for gradient in gradients]
        optimizer = kind(1e-4, use_ema=True)
        optimizer.build(variables)

        @tf.function
        def apply():
            optimizer.apply(gradients, variables)
            return [variable.value for variable in variables]

        return apply

    found = ratio(update(Adam), update(keras.optimizers.Adam))
    print(f"\nAdam with averages: {found:.2f} of the time of Keras's")
    assert found < 1
