import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from pipelines.plugins import find, kinds
from pipelines.special_tokens import START
from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.export import export
from seq2seq.generator import Generator
from seq2seq.kept_weights.constant_model import ConstantModel, constant
from seq2seq.models.seq2seq import Seq2Seq

KINDS = [kind for kind in kinds("seq2seq.models") if kind != "seq2seq"]
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0]], "int32")
TARGET = np.array([[START, 9, 8], [START, 7, 2]], "int32")
VOCABULARY = Bytes().size
TEXTS = ["a text", "another"]


def generator_of(kind):
    keras.utils.set_random_seed(3)
    options = {"encoder_layers": 1, "decoder_layers": 1, "units": 32}
    model = find("seq2seq.models", kind, Seq2Seq)(VOCABULARY, VOCABULARY, **options)
    limits = {"max_source": 16, "max_target": 6}
    return Generator((Bytes(), Bytes()), model, BeamSearch(width=2), **limits)


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_by_the_weights_that_the_model_had(kind):
    generator = generator_of(kind)
    before = [*generator.generate(TEXTS)]
    fixed = constant(generator)
    for weight in generator.model.weights:
        weight.assign(weight * 2.0)
    for ours, theirs in zip(fixed.generate(TEXTS), before, strict=True):
        assert ours.text == theirs.text and ours.score == pytest.approx(theirs.score, abs=1e-5)
    assert [each.score for each in generator.generate(TEXTS)] != [each.score for each in before]


def test_normalisations_of_a_transformer_are_folded_first():
    assert constant(generator_of("transformer")).model.model.normalization == "unit"


@pytest.mark.parametrize("kind", KINDS)
def test_it_decodes_as_the_model(kind):
    model = generator_of(kind).model
    fixed = ConstantModel(model)
    expected = model.decode(TARGET, model.encode(SOURCE))
    np.testing.assert_allclose(fixed.decode(TARGET, fixed.encode(SOURCE)), expected, atol=1e-5)


def saved(folder):
    """Reads the graphs of a version -> (functions, bytes of its variables)."""
    pb = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    data = sum(path.stat().st_size for path in folder.glob("variables/*.data*"))
    return pb.meta_graphs[0].graph_def.library.function, data


def large_constants(functions):
    """Lists the shapes of constants as large as a matrix of the model."""
    shapes = [
        tuple(dim.size for dim in node.attr["value"].tensor.tensor_shape.dim)
        for function in functions
        for node in function.node_def
        if node.op == "Const"
    ]
    return sorted(shape for shape in shapes if len(shape) > 1 and min(shape) >= 32)


@pytest.fixture(scope="module")
def transformer():
    """A generator by a model without biases of 0, which TensorFlow would leave out."""
    generator, draw = generator_of("transformer"), np.random.default_rng(4)
    for weight in generator.model.weights:
        weight.assign(draw.normal(size=weight.shape))
    return generator


def test_an_export_holds_each_weight_once_however_many_graphs_use_it(transformer, tmp_path):
    functions, variables = saved(export(constant(transformer), tmp_path, TEXTS, ["nbest", "score"]))
    shapes = [tuple(weight.shape) for weight in transformer.model.weights]
    matrices = sorted(shape for shape in shapes if len(shape) > 1)
    assert large_constants(functions) == matrices
    assert variables < 4096


def test_an_export_keeps_variables_unless_asked(transformer, tmp_path):
    folder = export(transformer, tmp_path, TEXTS, ["nbest"])
    functions, variables = saved(folder)
    assert not large_constants(functions)
    assert variables > 4 * sum(weight.numpy().size for weight in transformer.model.weights)


def ran(folder):
    """Asks an export, and returns the nodes that TensorFlow made of its graph: {name: node}."""
    v1 = tf.compat.v1
    options, told = v1.RunOptions(output_partition_graphs=True), v1.RunMetadata()
    with v1.Session(graph=tf.Graph()) as session:
        meta = v1.saved_model.load(session, ["serve"], str(folder))
        signature = meta.signature_def["serving_default"]
        given = {signature.inputs["text"].name: TEXTS}
        session.run(signature.outputs["text"].name, given, options, told)
    return {node.name: node for graph in told.partition_graphs for node in graph.node}


def test_products_that_run_have_constant_matrices_and_a_bias(transformer, tmp_path):
    """Those alone are packed once; a loop's body, too, has to hold them itself."""
    nodes = ran(export(constant(transformer), tmp_path, TEXTS, ["nbest"]))
    products = [
        node for node in nodes.values() if node.op.endswith("MatMul") and "Batch" not in node.op
    ]
    # Of an encoder's layer 4, of a decoder's 7 with what it prepares, and the logits.
    assert len(products) == 12
    for node in products:
        assert "Fused" in node.op
        assert nodes[node.input[1]].op == "Const"
