"""Recomputed layers: the same training for less memory."""

import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.dropout import Dropout
from seq2seq.layers.recompute import Recompute
from seq2seq.models.transformer import Transformer

SMALL = {"encoder_layers": 1, "decoder_layers": 2, "units": 8, "hidden": 12, "heads": 2}
DROPPING = {"dropout": 0.3, "attention_dropout": 0.2}
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]], "int32")
TARGET = np.array([[1, 5, 6, 7], [1, 8, 9, 0]], "int32")
BATCH = {"source": SOURCE, "target": TARGET}


def make(recompute, **options):
    """Makes a model; the same one each time, random states included."""
    keras.utils.set_random_seed(1)
    return Transformer(11, 11, **(SMALL | DROPPING | options), recompute=recompute)


def pair(**options):
    return make(False, **options), make(True, **options)


def update(model):
    """Returns the loss and a gradient for each trainable variable, after which weights change."""
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        logits = model(BATCH, training=True)
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(TARGET, logits, True))
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    for variable, gradient in zip(variables, gradients):
        variable.assign_sub(0.01 * gradient)
    return loss, gradients


def seeds(model):
    return [variable.numpy() for variable in model.variables if "seed" in variable.path]


def assert_equal(found, wanted):
    for ours, theirs in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def assert_same(found, wanted):
    """Graphs fuse some products with what follows them, so that the last bit may differ."""
    for ours, theirs in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "mixed_bfloat16", "copying": True, "tied": "all", "order": "post"},
        {"positions": "rotary", "activation": "gated", "normalization": "rms"},
    ],
    ids=str,
)
def test_losses_gradients_and_seeds_are_equal_in_every_bit(options):
    plain, recomputed = pair(**options)
    first = seeds(plain)
    for _ in range(2):
        assert_equal(update(recomputed), update(plain))
        assert_equal(seeds(recomputed), seeds(plain))
    assert len(first) > 5
    assert not any(np.array_equal(*two) for two in zip(first, seeds(plain)))


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_graphs_train_as_without_it(dtype):
    plain, recomputed = (
        tf.function(lambda model=model: update(model)) for model in pair(dtype=dtype)
    )
    found, wanted = [recomputed(), recomputed()], [plain(), plain()]
    assert_equal(found, wanted)
    assert found[0][0] != found[1][0]
