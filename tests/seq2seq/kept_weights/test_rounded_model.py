import keras
import numpy as np
import pytest
from keras import ops
from tensorflow.core.protobuf import saved_model_pb2

from pipelines.plugins import find, kinds
from pipelines.special_tokens import START
from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.export import export
from seq2seq.generator import Generator
from seq2seq.kept_weights.kept_model import KeptModel
from seq2seq.kept_weights.rounded_model import RoundedModel, rounded
from seq2seq.kept_weights.stored_weight import stored
from seq2seq.models.seq2seq import Seq2Seq

KINDS = [kind for kind in kinds("seq2seq.models") if kind != "seq2seq"]
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]], "int32")
TARGET = np.array([[START, 9, 8], [START, 7, 2]], "int32")
VOCABULARY = Bytes().size
INT8 = 6  # tensorflow/core/framework/types.proto


def model_of(kind):
    keras.utils.set_random_seed(3)
    options = {"encoder_layers": 1, "decoder_layers": 1, "units": 32}
    return find("seq2seq.models", kind, Seq2Seq)(VOCABULARY, VOCABULARY, **options)


def stepped(model):
    """Says TARGET token by token: logits [B, T, V]."""
    memory = model.encode(SOURCE)
    state = model.pack(model.begin(memory), ops.arange(2), 1, 3)
    said = []
    for position in range(3):
        logits, state = model.step(TARGET[:, position], position, state, memory)
        said.append(logits)
    return ops.stack(said, axis=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", ["int8", "bfloat16"])
def test_it_is_the_model_of_the_rounded_weights(kind, bits):
    model = model_of(kind)
    before = [weight.numpy() for weight in model.weights]
    made = RoundedModel(model, bits)
    found = stepped(made), made.decode(TARGET, made.encode(SOURCE))
    for weight, value in zip(model.weights, before):
        np.testing.assert_array_equal(weight, value)
        kept = stored(value, bits)
        if kept is not None:
            weight.assign(kept.read())
    expected = stepped(model), model.decode(TARGET, model.encode(SOURCE))
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert any((weight.numpy() != value).any() for weight, value in zip(model.weights, before))


def test_it_answers_whatever_the_contract_of_models_asks():
    asked = {name for name, value in vars(Seq2Seq).items() if callable(value) and name[0] != "_"}
    assert asked - vars(KeptModel).keys() == {
        "call",
        "build",
        "get_config",
        "vocabulary_weights",
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A generator, and its export with eight bits, which `export` has checked."""
    model = model_of("transformer")
    limits = {"max_source": 16, "max_target": 6}
    generator = Generator((Bytes(), Bytes()), model, GreedySearch(), **limits)
    folder = tmp_path_factory.mktemp("saved_models")
    return generator, export(rounded(generator, "int8"), folder, ["a text", "b"], ["score"])


def test_an_export_takes_a_byte_a_number(exported):
    generator, folder = exported
    numbers = sum(weight.numpy().size for weight in generator.model.weights)
    size = sum(path.stat().st_size for path in folder.glob("variables/*"))
    assert size < 1.4 * numbers


def test_weights_are_made_float32_outside_of_loops(exported):
    _, folder = exported
    pb = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    functions = pb.meta_graphs[0].graph_def.library.function
    widened = {
        function.signature.name
        for function in functions
        for node in function.node_def
        if node.op == "Cast" and node.attr["SrcT"].type == INT8
    }
    loops = {
        function.signature.name for function in functions if "while" in function.signature.name
    }
    assert widened and loops and not widened & loops


def test_an_unknown_kind_is_refused_with_those_there_are(exported):
    with pytest.raises(ValueError, match="int8, bfloat16.*'int3'"):
        rounded(exported[0], "int3")
