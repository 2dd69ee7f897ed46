"""Times our layers beside Keras's, forward and backward, in turns: `make benchmark`."""

import statistics
import time

import keras
import pytest
import tensorflow as tf

from seq2seq.layers.dropout import Dropout
from seq2seq.layers.recurrent import Recurrent
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


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_dropout_takes_less_time_than_that_of_keras(policy):
    keep_freed_memory()
    inputs = tf.cast(tf.random.normal([4096, 512]), keras.DTypePolicy(policy).compute_dtype)
    ours, theirs = Dropout(0.3, dtype=policy), keras.layers.Dropout(0.3, dtype=policy)
    found = ratio(update(ours, inputs), update(theirs, inputs))
    print(f"\ndropout, {policy}: {found:.2f} of the time of Keras's")
    assert found < 1


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_recurrent_layer_takes_less_time_than_that_of_keras(policy):
    keep_freed_memory()
    inputs = tf.cast(tf.random.normal([64, 24, 256]), keras.DTypePolicy(policy).compute_dtype)
    ours = Recurrent(512, "lstm", dtype=policy)
    theirs = keras.layers.LSTM(512, return_sequences=True, dtype=policy)
    found = ratio(update(ours, inputs), update(theirs, inputs))
    print(f"\nLSTM, {policy}: {found:.2f} of the time of Keras's")
    assert found < 1
