"""The contract of layers, one case a layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from seq2seq.layers.additive_attention import AdditiveAttention
from seq2seq.layers.bidirectional import Bidirectional
from seq2seq.layers.cross_attention import CrossAttention
from seq2seq.layers.dot_attention import DotAttention
from seq2seq.layers.feed_forward import FeedForward
from seq2seq.layers.pointer_generator import PointerGenerator
from seq2seq.layers.positions import LearnedPositions
from seq2seq.layers.recurrent import Recurrent
from seq2seq.layers.residual import Residual
from seq2seq.layers.state_bridge import StateBridge
from seq2seq.layers.token_embedding import TokenEmbedding

NOISE = np.random.default_rng(0)


def random(*shape):
    return NOISE.standard_normal(shape, "float32")


WIDE, KEYS, READ = random(2, 3, 4), random(2, 5, 4), random(2, 5, 4)
MASK = np.array([[True] * 5, [True] * 2 + [False] * 3])
IDS = np.array([[5, 6, 7, 2, 0], [5, 2, 0, 0, 0]])
STATE = {"hidden": random(2, 4), "cell": random(2, 4)}
HEADED = random(2, 2, 5, 2)

# name: class, arguments, inputs
CASES = {
    "additive": (AdditiveAttention, {"units": 4}, (WIDE, KEYS, READ, MASK)),
    "dot": (DotAttention, {"score": "dot"}, (WIDE, KEYS, READ, MASK)),
    "general": (DotAttention, {"score": "general"}, (WIDE, KEYS, READ, MASK)),
    "scaled_dot": (DotAttention, {"score": "scaled_dot"}, (WIDE, KEYS, READ, MASK)),
    "lstm": (Recurrent, {"units": 4, "cell": "lstm"}, (READ, MASK)),
    "gru": (Recurrent, {"units": 4, "cell": "gru", "backwards": True}, (READ, MASK)),
    "bidirectional": (Bidirectional, {"units": 6, "cell": "lstm"}, (READ, MASK)),
    "bridge": (StateBridge, {"layers": 2, "units": 3}, ([STATE, STATE],)),
    "pointer": (PointerGenerator, {}, (WIDE, random(2, 3, 9), random(2, 3, 5), IDS)),
    "embedding": (TokenEmbedding, {"vocabulary": 9, "units": 4}, (IDS,)),
    "feed_forward": (
        FeedForward,
        {"units": 4, "hidden": 6, "activation": "gated", "dropout": 0.1},
        (WIDE,),
    ),
    "residual": (
        Residual,
        {"order": "post", "normalization": "rms", "dropout": 0.1},
        (WIDE, WIDE),
    ),
    "cross_attention": (
        CrossAttention,
        {"units": 4, "heads": 2, "dropout": 0.1},
        (random(6, 4), HEADED, HEADED, MASK),
    ),
}
each = pytest.mark.parametrize("layer, arguments, inputs", CASES.values(), ids=CASES)


def make(layer, arguments, inputs, **given):
    made = layer(**arguments, **given)
    made.build(*(tf.nest.map_structure(lambda tensor: tensor.shape, part) for part in inputs))
    return made


def leaves(outputs):
    return [np.array(ops.cast(tensor, "float32")) for tensor in tf.nest.flatten(outputs)]


@each
def test_a_layer_made_from_its_configuration_is_configured_alike(layer, arguments, inputs):
    configuration = layer(**arguments).get_config()
    assert configuration.items() >= arguments.items()
    assert layer.from_config(configuration).get_config() == configuration


@each
def test_a_layer_with_the_weights_of_another_says_the_same(layer, arguments, inputs):
    made = make(layer, arguments, inputs)
    copied = make(layer, arguments, inputs)
    copied.set_weights(made.get_weights())
    for found, wanted in zip(leaves(copied(*inputs)), leaves(made(*inputs))):
        np.testing.assert_array_equal(found, wanted)


@each
def test_a_layer_saved_within_a_model_is_loaded_as_it_was(layer, arguments, inputs, tmp_path):
    ends = tf.nest.map_structure(
        lambda tensor: keras.Input(tensor.shape[1:], dtype=str(tensor.dtype)), list(inputs)
    )
    outputs = layer(**arguments)(*ends)
    model = keras.Model(ends, tf.nest.flatten(outputs))
    model.save(tmp_path / "layer.keras")
    loaded = keras.saving.load_model(tmp_path / "layer.keras")
    for found, wanted in zip(leaves(loaded(list(inputs))), leaves(model(list(inputs)))):
        np.testing.assert_array_equal(found, wanted)


@each
def test_a_layer_is_near_itself_in_bfloat16_with_float32_weights(layer, arguments, inputs):
    exact = make(layer, arguments, inputs, dtype="float32")
    mixed = make(layer, arguments, inputs, dtype="mixed_bfloat16")
    mixed.set_weights(exact.get_weights())
    assert {weight.dtype for weight in mixed.trainable_weights} <= {"float32"}
    for found, wanted in zip(leaves(mixed(*inputs)), leaves(exact(*inputs))):
        np.testing.assert_allclose(found, wanted, atol=0.06, rtol=0.03)


def test_learned_positions_are_made_from_their_configuration():
    made = LearnedPositions(7, 4)
    assert LearnedPositions.from_config(made.get_config()).get_config() == made.get_config()
