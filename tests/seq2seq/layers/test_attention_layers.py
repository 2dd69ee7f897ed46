"""Additive and dot attention: numbers worked by hand, and masks."""

import keras
import numpy as np
import pytest

from seq2seq.layers.additive_attention import AdditiveAttention
from seq2seq.layers.dot_attention import DotAttention

QUERY = np.array([[[1.0, 0.0], [0.0, 2.0]]], "float32")
MEMORY = np.array([[[1.0, 3.0], [1.0, 1.0], [9.0, 9.0]]], "float32")
MASK = np.array([[True, True, False]])


def read(layer):
    layer.build(QUERY.shape, None, MEMORY.shape)
    return layer(QUERY, layer.prepare(MEMORY), MEMORY, MASK)


def two(first, second):
    """Softmax over two scores."""
    one = 1 / (1 + np.exp(second - first))
    return [one, 1 - one, 0]


def test_dot_scores_are_products_of_query_and_memory():
    context, weights = read(DotAttention("dot"))
    # 1 * 1 + 0 * 3 = 1 and 1 for the first query; 2 * 3 = 6 and 2 for the second.
    np.testing.assert_allclose(weights[0], [[0.5, 0.5, 0], two(6, 2)], rtol=1e-6)
    np.testing.assert_allclose(context[0, 0], [1, 2], rtol=1e-6)


def test_scaled_dot_scores_are_divided_by_the_root_of_the_width():
    _, weights = read(DotAttention("scaled_dot"))
    np.testing.assert_allclose(weights[0, 1], two(6 / 2**0.5, 2 / 2**0.5), rtol=1e-6)


def test_general_scores_turn_the_memory_first():
    layer = DotAttention("general")
    layer.build(QUERY.shape, None, MEMORY.shape)
    layer.project.kernel.assign([[0.0, 1.0], [1.0, 0.0]])
    _, weights = layer(QUERY, layer.prepare(MEMORY), MEMORY, MASK)
    # The kernel swaps features: memory reads [3, 1] and [1, 1].
    np.testing.assert_allclose(weights[0], [two(3, 1), [0.5, 0.5, 0]], rtol=1e-6)


def test_general_attention_joins_different_widths():
    layer = DotAttention("general")
    query = np.ones((1, 2, 5), "float32")
    layer.build(query.shape, None, MEMORY.shape)
    context, weights = layer(query, layer.prepare(MEMORY), MEMORY, MASK)
    assert context.shape == (1, 2, 2) and weights.shape == (1, 2, 3)


@pytest.mark.parametrize("score", ["dot", "scaled_dot"])
def test_dot_attention_refuses_different_widths(score):
    with pytest.raises(ValueError, match='of one width, these have 5 and 2: use "general"'):
        DotAttention(score).build((1, 2, 5), None, (1, 3, 2))


def test_additive_scores_are_sums_of_tanh():
    layer = AdditiveAttention(2)
    layer.build(QUERY.shape, None, MEMORY.shape)
    layer.ask.kernel.assign(np.eye(2))
    layer.project.kernel.assign(np.eye(2))
    layer.score.kernel.assign([[1.0], [2.0]])
    _, weights = layer(QUERY, layer.prepare(MEMORY), MEMORY, MASK)
    first = np.tanh(1 + 1) + 2 * np.tanh(0 + 3)
    second = np.tanh(1 + 1) + 2 * np.tanh(0 + 1)
    np.testing.assert_allclose(weights[0, 0], two(first, second), rtol=1e-5)


@pytest.mark.parametrize("layer", [AdditiveAttention(4), DotAttention("general")])
def test_a_row_that_may_read_nothing_gives_numbers(layer):
    layer.build(QUERY.shape, None, MEMORY.shape)
    context, weights = layer(QUERY, layer.prepare(MEMORY), MEMORY, ~MASK & MASK)
    assert np.isfinite(context).all()
    np.testing.assert_allclose(weights, np.full((1, 2, 3), 1 / 3), rtol=1e-6)


def test_weights_are_float32_in_bfloat16():
    layer = DotAttention("dot", dtype="mixed_bfloat16")
    layer.build(QUERY.shape, None, MEMORY.shape)
    memory = keras.ops.cast(MEMORY, "bfloat16")
    context, weights = layer(QUERY, layer.prepare(memory), memory, MASK)
    assert weights.dtype == "float32" and context.dtype == "bfloat16"
    np.testing.assert_allclose(np.sum(weights, axis=-1), np.ones((1, 2)), rtol=1e-6)
