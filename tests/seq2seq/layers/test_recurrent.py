"""Recurrent layers: equal to Keras's own, unchanged by padding, with the same gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from seq2seq.layers.bidirectional import Bidirectional
from seq2seq.layers.lstm_cell import LSTMCell
from seq2seq.layers.recurrent import Recurrent

NOISE = np.random.default_rng(3)


def random(*shape):
    return NOISE.standard_normal(shape, "float32")


INPUTS = random(3, 5, 4)
LENGTHS = np.array([5, 3, 1])
MASK = np.arange(5) < LENGTHS[:, None]
UNITS = 6
directions = pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
cells = pytest.mark.parametrize("cell", ["lstm", "gru"])


def pair(cell, backwards):
    """Makes a layer of ours and Keras's with the same scattered weights."""
    ours = Recurrent(UNITS, cell, backwards)
    ours.build(INPUTS.shape)
    options = {"return_sequences": True, "return_state": True, "go_backwards": backwards}
    theirs = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell](UNITS, **options)
    theirs.build(INPUTS.shape)
    unit = ours.unit
    weights = [random(*weight.shape) for weight in unit.trainable_weights]
    for weight, value in zip(unit.trainable_weights, weights):
        weight.assign(value)
    kernel, recurrent, *biases = weights
    theirs.cell.kernel.assign(kernel)
    theirs.cell.recurrent_kernel.assign(recurrent)
    theirs.cell.bias.assign(biases[0] if cell == "lstm" else np.stack(biases))
    return ours, theirs


@cells
@directions
def test_outputs_states_and_gradients_equal_those_of_keras(cell, backwards):
    ours, theirs = pair(cell, backwards)
    begun = {"hidden": random(3, UNITS), "cell": random(3, UNITS)}
    state = {name: tf.constant(begun[name]) for name in ours.begin(3)}
    inputs, upstream = tf.constant(INPUTS), random(3, 5, UNITS)
    watched = [inputs, *state.values()]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(watched)
        outputs, last = ours(inputs, MASK, state)
        wanted, *wanted_last = theirs(inputs, initial_state=list(state.values()), mask=MASK)
        # Keras leaves what it has read backwards in the order of reading.
        wanted = ops.flip(wanted, axis=1) if backwards else wanted
        loss, wanted_loss = (
            ops.sum(ops.where(MASK[:, :, None], sequence, 0) * upstream) + ops.sum(end)
            for sequence, end in [(outputs, last["hidden"]), (wanted, wanted_last[0])]
        )
    np.testing.assert_allclose(
        np.where(MASK[:, :, None], outputs, 0), np.where(MASK[:, :, None], wanted, 0), atol=1e-5
    )
    for found, end in zip(last.values(), wanted_last):
        np.testing.assert_allclose(found, end, atol=1e-5)
    ours_of = watched + [weight.value for weight in ours.trainable_weights]
    theirs_of = watched + [weight.value for weight in theirs.trainable_weights]
    found, expected = tape.gradient(loss, ours_of), tape.gradient(wanted_loss, theirs_of)
    if cell == "gru":  # one bias of two rows there
        found[-2:] = [tf.stack(found[-2:])]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=1e-4)


@cells
@directions
def test_gradients_in_a_graph_equal_those_of_eager_code(cell, backwards):
    layer, _ = pair(cell, backwards)

    def gradients(inputs, mask):
        with tf.GradientTape() as tape:
            loss = ops.sum(layer(inputs, mask)[0] ** 2)
        return tape.gradient(loss, [weight.value for weight in layer.trainable_weights])

    signature = [tf.TensorSpec([None, None, 4]), tf.TensorSpec([None, None], tf.bool)]
    graph = tf.function(gradients, input_signature=signature)
    for found, wanted in zip(graph(INPUTS, MASK), gradients(INPUTS, MASK)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@cells
def test_padding_changes_nothing_in_either_direction(cell):
    layer = Bidirectional(UNITS, cell)
    layer.build(INPUTS.shape)
    outputs, last = layer(INPUTS, MASK)
    for row, length in enumerate(LENGTHS):
        alone, end = layer(INPUTS[row : row + 1, :length])
        np.testing.assert_allclose(outputs[row, :length], alone[0], atol=1e-6)
        for name in end:
            np.testing.assert_allclose(last[name][row], end[name][0], atol=1e-6)


@cells
def test_stepping_equals_reading_at_once(cell):
    layer, _ = pair(cell, backwards=False)
    wanted, last = layer(INPUTS)
    state = layer.begin(3)
    for position in range(5):
        output, state = layer(INPUTS[:, position : position + 1], state=state)
        np.testing.assert_allclose(output[:, 0], wanted[:, position], atol=1e-6)
    for name in state:
        np.testing.assert_allclose(state[name], last[name], atol=1e-6)


def test_an_lstm_cell_keeps_and_writes_by_its_gates():
    cell = LSTMCell(1)
    cell.build((None, 1))
    cell.set_weights(
        [np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[0.5, 0.5, 0.5, 0.5]]), np.zeros(4)]
    )
    state = {"hidden": np.array([[2.0]], "float32"), "cell": np.array([[3.0]], "float32")}
    found = cell.advance(cell.recurrent_kernel, cell.project(np.array([[1.0]], "float32")), state)
    sigmoid = lambda value: 1 / (1 + np.exp(-value))
    # Sums are 1 + 1, 2 + 1, 3 + 1 and 4 + 1.
    wanted = sigmoid(3) * 3 + sigmoid(2) * np.tanh(4)
    np.testing.assert_allclose(found["cell"], [[wanted]], rtol=1e-5)
    np.testing.assert_allclose(found["hidden"], [[sigmoid(5) * np.tanh(wanted)]], rtol=1e-5)


def test_a_forget_gate_begins_open():
    cell = LSTMCell(2)
    cell.build((None, 3))
    np.testing.assert_array_equal(cell.bias, [0, 0, 1, 1, 0, 0, 0, 0])


@cells
def test_recurrent_kernels_begin_orthogonal(cell):
    layer = Recurrent(4, cell)
    layer.build((None, None, 3))
    kernel = ops.convert_to_tensor(layer.unit.recurrent_kernel)
    np.testing.assert_allclose(ops.matmul(kernel, ops.transpose(kernel)), np.eye(4), atol=1e-5)


@cells
def test_states_are_float32_in_bfloat16(cell):
    layer = Recurrent(UNITS, cell, dtype="mixed_bfloat16")
    layer.build(INPUTS.shape)
    outputs, last = layer(INPUTS, MASK)
    assert outputs.dtype == "bfloat16"
    assert list(last.values())[-1].dtype == "float32"


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match=r"units \(5\) must be even"):
        Bidirectional(5)
