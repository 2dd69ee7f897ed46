import numpy as np
import pytest
import tensorflow as tf

from seq2seq.benchmark.model_flops import ModelFlops, forward_flops
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

VOCABULARY = 20


def transformer():
    return Transformer(VOCABULARY, VOCABULARY, 1, 1, units=8, hidden=16, heads=2)


def transformer_products(source, target):
    """Multiplications of one row, counted from the paper's figure 1."""
    encoder = 4 * 8 * 8 * source + 2 * source * source * 8 + 2 * 8 * 16 * source
    causal = 4 * 8 * 8 * target + 2 * target * target * 8
    cross = 2 * 8 * 8 * target + 2 * 8 * 8 * source + 2 * target * source * 8
    return encoder + causal + cross + 2 * 8 * 16 * target + 8 * VOCABULARY * target


def lstm():
    return LSTM(VOCABULARY, VOCABULARY, embedding=6, units=8, decoder_layers=2, tied="target")


def lstm_products(source, target):
    directions = 2 * (6 + 4) * 4 * 4 * source
    keys, bridge = 8 * 8 * source, 2 * 2 * 8 * 2 * 8  # two states of two layers
    below, above = (6 + 8) * 4 * 8 * target, (8 + 8 + 8) * 4 * 8 * target
    attention = 2 * source * target * 8 + 2 * 8 * 8 * target
    return directions + keys + bridge + below + above + attention + (8 + VOCABULARY) * 6 * target


@pytest.mark.parametrize(
    "make, products", [(transformer, transformer_products), (lstm, lstm_products)]
)
def test_operations_of_a_model_are_those_counted_by_hand(make, products):
    flops = ModelFlops(make())
    rows = np.array([[5, 3], [2, 9], [40, 31]])
    for source, target in rows:
        expected = 2 * products(source, target)
        np.testing.assert_allclose(flops.forward([source], [target]), expected, rtol=1e-6)
    total = sum(2 * products(*row) for row in rows)
    np.testing.assert_allclose(flops.training(*rows.T), 3 * total, rtol=1e-6)
    # A row of padding has no tokens, and costs nothing.
    np.testing.assert_allclose(flops.training([5, 0], [3, 0]), flops.training([5], [3]))


def test_products_are_counted_in_functions_loops_and_either_way_round():
    @tf.function
    def traced(left, right):
        return tf.matmul(left, right, transpose_a=True)

    def model(inputs, training):
        assert training is False
        rows = tf.cast(inputs["source"], tf.float32)[0]  # [S]
        traced(rows[:, None], rows[:, None])  # [1, S] x [S, 1]
        tf.einsum("ab,cb->ac", tf.ones([2, 3]), tf.ones([4, 3]))
        tf.einsum("...ab,...bc->...ac", tf.ones([7, 2, 3]), tf.ones([7, 3, 5]))
        tf.matmul(tf.ones([6, 2, 3]), tf.ones([6, 4, 3]), transpose_b=True)
        step = lambda n: (n + tf.cast(tf.matmul([[1.0]], [[1.0]])[0, 0], tf.int32),)
        tf.while_loop(lambda n: n < tf.size(inputs["target"]), step, [tf.constant(0)])

    expected = 2 * (5 + 2 * 3 * 4 + 7 * 2 * 3 * 5 + 6 * 2 * 3 * 4 + 3)
    assert forward_flops(model, source=5, target=3) == expected
