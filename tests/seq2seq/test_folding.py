import numpy as np
import pytest
from keras import ops

from seq2seq.drafted import Drafted
from seq2seq.ensemble import Ensemble
from seq2seq.folding import folded
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

SIZES = {"units": 16, "hidden": 32, "heads": 4, "encoder_layers": 2, "decoder_layers": 2}
SOURCE = ops.convert_to_tensor([[5, 6, 7, 2], [9, 2, 0, 0]])
TARGET = ops.convert_to_tensor([[1, 7, 8, 9], [1, 4, 5, 0]])
OPTIONS = [
    {},
    {"tied": "all", "positions": "rotary"},
    {"tied": "none", "positions": "learned", "activation": "gated"},
    {"tied": "all", "copying": True},
]


def transformer(**options):
    model = Transformer(50, 50, **SIZES | options)
    draw = np.random.default_rng(3)
    for weight in model.weights:  # biases and gains, too
        weight.assign(0.1 + 0.3 * draw.normal(size=weight.shape))
    return model


@pytest.mark.parametrize("options", OPTIONS)
def test_a_folded_transformer_answers_the_same(options):
    model = transformer(**options)
    lean = folded(model)
    assert lean.normalization == "unit"
    said = [each.decode_with_attention(TARGET, each.encode(SOURCE)) for each in (model, lean)]
    for found, wanted in zip(*said):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(lean.features(SOURCE), model.features(SOURCE), atol=1e-5)


def test_its_steps_are_those_of_a_whole_target():
    lean = folded(transformer())
    memory = lean.encode(SOURCE)
    state = lean.begin(memory, room=4)
    whole = lean.decode(TARGET, memory)
    for position in range(3):
        logits, state = lean.step(TARGET[:, position], position, state, memory)
        np.testing.assert_allclose(logits, whole[:, position], atol=1e-5)


def test_models_that_answer_together_are_folded_each():
    one, other = transformer(), LSTM(50, 50, units=8)
    joined = folded(Drafted(Ensemble([one, other], "geometric", [1, 3]), one))
    assert joined.model.models[1] is other
    for lean in (joined.model.models[0], joined.draft):
        assert lean.normalization == "unit"
    assert (joined.model.mean, joined.model.shares) == ("geometric", [0.25, 0.75])
    pair = Ensemble([one, other], "geometric", [1, 3]), joined.model
    wanted, found = (each.decode(TARGET, each.encode(SOURCE)) for each in pair)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_weights_stay_in_their_precision():
    assert {each.dtype for each in folded(transformer(dtype="bfloat16")).encoder[0].weights} == {
        "bfloat16"
    }


@pytest.mark.parametrize(
    "model",
    [
        lambda: transformer(order="post"),
        lambda: transformer(normalization="rms"),
        lambda: LSTM(50, 50, units=8),
    ],
)
def test_where_nothing_is_to_fold_it_is_the_model_itself(model):
    made = model()
    assert folded(made) is made
