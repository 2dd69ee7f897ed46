"""What a step of a search needs not compute."""

import numpy as np
import pytest
import tensorflow as tf

from seq2seq.layers.gather import gather
from seq2seq.layers.headed_attention import split_heads
from seq2seq.layers.plain_transposition import transpose_plainly
from seq2seq.layers.shapes import reshape
from seq2seq.layers.widening import widen
from seq2seq.models.transformer import Transformer


def traced(function, *shapes, dtype=tf.float32):
    """Traces a function -> (it, names of its operations)."""
    specs = [tf.TensorSpec(shape, dtype) for shape in shapes]
    graph = tf.function(function, specs).get_concrete_function()
    return graph, [operation.type for operation in graph.graph.get_operations()]


def test_one_unknown_size_is_found_by_the_reshape_itself():
    graph, kinds = traced(lambda x: reshape(x, (tf.shape(x)[0], 2, 3)), (None, 6))
    values = np.arange(24.0, dtype="float32").reshape(4, 6)
    np.testing.assert_array_equal(graph(tf.constant(values)), values.reshape(4, 2, 3))
    (made,) = [each for each in graph.graph.get_operations() if each.type == "Reshape"]
    assert tf.get_static_value(made.inputs[1]).tolist() == [-1, 2, 3]
    assert "Pack" not in kinds


def test_several_unknown_sizes_and_empty_axes_are_reshaped_as_they_are():
    both, _ = traced(lambda x: reshape(x, (tf.shape(x)[1], tf.shape(x)[0])), (None, None))
    assert both(tf.zeros((2, 3))).shape == (3, 2)
    empty, _ = traced(lambda x: reshape(x, (tf.shape(x)[0], 0, 2)), (None, 0))
    assert empty(tf.zeros((5, 0))).shape == (5, 0, 2)


def test_places_are_gathered_by_one_operation():
    values = np.arange(6.0, dtype="float32").reshape(3, 2)
    graph, kinds = traced(lambda x: gather(x, tf.constant([2, 0])), (None, 2))
    np.testing.assert_array_equal(graph(tf.constant(values)), values[[2, 0]])
    assert "SelectV2" not in kinds and "Shape" not in kinds


def test_what_one_token_has_is_not_transposed():
    one, kinds = traced(lambda x: tuple(split_heads(x, -1, 1, 2, 3)), (None, 12))
    _, several = traced(lambda x: tuple(split_heads(x, -1, 2, 2, 3)), (None, 12))
    assert "Transpose" not in kinds and "Transpose" in several
    values = np.random.default_rng(1).normal(size=(5, 12)).astype("float32")
    wanted = split_heads(tf.repeat(values, 2, axis=0), -1, 2, 2, 3)
    for found, each in zip(one(tf.constant(values)), wanted):
        np.testing.assert_array_equal(found, each[:, :, :1])


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_a_plain_transposition_has_the_gradient_of_any(dtype):
    values = tf.cast(np.random.default_rng(2).normal(size=(2, 3, 4, 5)), dtype)
    slope = tf.cast(np.random.default_rng(3).normal(size=(4, 2, 5, 3)), dtype)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        plain, usual = (f(values, (2, 0, 3, 1)) for f in (transpose_plainly, tf.transpose))
    np.testing.assert_array_equal(plain, usual)
    found, wanted = (tape.gradient(each, values, slope) for each in (plain, usual))
    np.testing.assert_array_equal(found, wanted)


def test_nothing_is_reshaped_between_products_and_normalisations():
    def reshapes(layers):
        sizes = {"units": 8, "hidden": 8, "heads": 2, "encoder_layers": 1}
        model = Transformer(9, 9, **sizes, decoder_layers=layers, normalization="unit")
        memory = model.encode(tf.constant([[5, 2]]))
        state = model.begin(memory, room=2)
        _, kinds = traced(lambda token: model.step(token, 0, state, memory), (1,), dtype=tf.int32)
        return kinds.count("Reshape")

    # Six of biases; four that split heads, three of them for self-attention; and four of what a
    # cache takes and gives and of what heads read.
    assert reshapes(3) - reshapes(2) == 6 + 4 + 4


def test_views_of_logits_share_one_cast():
    def looked_at(logits):
        wide = widen(logits)
        return tf.reduce_max(tf.reshape(wide, (-1, 2, 3)), axis=-1), tf.exp(tf.reshape(wide, (-1,)))

    graph, _ = traced(looked_at, (None, 6), dtype=tf.bfloat16)
    options = tf.compat.v1.RunOptions(output_partition_graphs=True)
    told = tf.compat.v1.RunMetadata()
    given = {graph.inputs[0].name: np.zeros((2, 6), tf.bfloat16.as_numpy_dtype)}
    with tf.compat.v1.Session(graph=graph.graph) as session:
        session.run([each.name for each in graph.outputs], given, options, told)
    ran = [node.op for graph in told.partition_graphs for node in graph.node]
    assert ran.count("Cast") == 1
