"""Recomputed layers: the same training for less memory."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.encoder_layer import EncoderLayer
from seq2seq.layers.feed_forward import FeedForward
from seq2seq.layers.recompute import Recompute
from seq2seq.models.transformer import Transformer

SMALL = {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 12, "heads": 2}
DROPPING = {"dropout": 0.3, "attention_dropout": 0.2}
PARTS = (
    {"units": 8, "heads": 2, "dropout": 0.2},
    {"units": 8, "hidden": 12, "dropout": 0.3},
    {"dropout": 0.3},
)
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]], "int32")
TARGET = np.array([[1, 5, 6, 7], [1, 8, 9, 0]], "int32")
BATCH = {"source": SOURCE, "target": TARGET}


def make(recompute, **options):
    """Makes a model; the same one each time, random states included."""
    keras.utils.set_random_seed(1)
    given = SMALL | DROPPING | options
    return Transformer(11, 11, **given, recompute=recompute, name="model")


def keep(heads, positions):
    return heads


def pair(**options):
    return make(False, **options), make(True, **options)


def gradients(model):
    """Returns the loss and a gradient for each trainable variable."""
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        logits = model(BATCH, training=True)
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(TARGET, logits, True))
    found = tape.gradient(loss, [variable.value for variable in variables])
    return loss, [tf.convert_to_tensor(gradient) for gradient in found]


def update(model):
    """Returns what `gradients` does, after which weights are others."""
    loss, found = gradients(model)
    for variable, gradient in zip(model.trainable_variables, found):
        variable.assign_sub(0.01 * gradient)
    return loss, found


def seeds(model):
    return [variable.numpy() for variable in model.variables if "seed" in variable.path]


def assert_equal(found, wanted):
    for ours, theirs in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "options",
    [
        {"decoder_layers": 2},
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


def test_a_graph_of_replicas_trains_as_without_it():
    """Strategies are where variables, seeds and threads differ most from eager code."""

    def train(active):
        keras.utils.set_random_seed(1)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            layer = EncoderLayer(*PARTS, dtype="mixed_bfloat16")
            layer.build((None, None, 8))
        through, rows = Recompute(active), tf.random.stateless_normal([10, 8], [1, 2])
        visible = tf.ones([2, 1, 1, 5], tf.bool)

        def gradients():
            with tf.GradientTape() as tape:
                outputs = through((rows, visible), layer=layer, turn=keep, training=True)
                loss = tf.reduce_sum(tf.cast(outputs, "float32") ** 2)
            return loss, tape.gradient(loss, [weight.value for weight in layer.weights])

        run = tf.function(lambda: strategy.run(gradients))
        return [tf.nest.flatten(run(), expand_composites=True) for _ in range(2)], seeds(layer)

    (found, seeds_found), (wanted, seeds_wanted) = train(True), train(False)
    # A graph's optimizer fuses other operations, which round otherwise.
    tf.nest.map_structure(functools.partial(np.testing.assert_allclose, rtol=1e-5), found, wanted)
    assert_equal(seeds_found, seeds_wanted)
    assert found[0][0] != found[1][0]


def test_frozen_layers_stay_and_the_others_get_their_gradients():
    plain, recomputed = pair()
    for model in (plain, recomputed):
        model.encoder[0].trainable = False
        model.decoder[0].network.trainable = False
    before = recomputed.encoder[0].get_weights()
    assert_equal(update(recomputed), update(plain))
    assert_equal(recomputed.encoder[0].get_weights(), before)
    assert_equal(seeds(recomputed), seeds(plain))


def test_a_graph_that_does_not_train_is_that_of_a_plain_model():
    def operations(model):
        graph = tf.function(lambda: model(BATCH)).get_concrete_function().graph
        return [operation.type for operation in graph.get_operations()]

    plain, recomputed = pair()
    assert operations(recomputed) == operations(plain)


def test_weights_are_those_of_a_plain_model(tmp_path):
    plain, recomputed = pair()
    paths = lambda model: [weight.path for weight in model.weights]
    assert paths(recomputed) == paths(plain)
    plain.trainable_weights[0].assign_add(keras.ops.ones_like(plain.trainable_weights[0]))
    plain.save_weights(tmp_path / "plain.weights.h5")
    recomputed.load_weights(tmp_path / "plain.weights.h5")
    assert_equal(recomputed.get_weights(), plain.get_weights())
    assert Transformer.from_config(recomputed.get_config()).recompute


def test_a_compiler_does_not_merge_the_two_runs():
    layer, inputs = FeedForward(4, 8), tf.ones([1, 2, 4])
    layer.build(inputs.shape)

    def products(active):
        @tf.function(jit_compile=True)
        def gradient(inputs):
            outputs = Recompute(active)((inputs,), layer=layer, training=True)
            return outputs, tf.gradients(outputs, inputs, grad_ys=outputs)

        return gradient.experimental_get_compiler_ir(inputs)("optimized_hlo").count(" dot(")

    # Its first product is needed again, and its second, which it puts out, is not.
    assert products(True) == products(False) + 1


def test_a_layer_that_changes_what_is_not_its_own_is_refused():
    count = keras.Variable(0.0, trainable=False)
    layer = keras.layers.Lambda(lambda inputs: inputs + count.assign_add(1.0), name="counting")
    layer.build((1,))
    with pytest.raises(ValueError, match="counting changes a variable that is not its own"):
        Recompute()((tf.constant([0.5]),), layer=layer, training=True)
    assert float(count) == 0


def test_a_tensor_that_would_get_no_gradient_is_refused():
    layer = keras.layers.Identity()
    with pytest.raises(ValueError, match="mask, scale: a tensor would get no gradient here"):
        Recompute()((tf.ones([1]),), layer=layer, training=True, mask=None, scale=tf.ones([1]))
