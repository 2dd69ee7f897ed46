import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text
from tensorflow.compiler.tf2xla.python import xla
from tensorflow.python.framework import op_def_registry

from seq2seq.c_api import Library, Port, Signature, signatures_of
from seq2seq.graph_check import TEXT_OPS, Graph, port_problems
from seq2seq.wire import fields

STRING, FLOAT = 7, 1
TEXT = tf.TensorSpec([None], tf.string, name="text")
# As in a process that has not loaded TensorFlow Text.
CORE = frozenset(op for op in Library().ops() - TEXT_OPS if not op.startswith("TFText>"))


def written(function, folder):
    """Saves a function of text -> the bytes of its saved_model.pb."""
    module = tf.Module()
    module.serve = tf.function(function, [TEXT])
    tf.saved_model.save(module, str(folder), {"serving_default": module.serve})
    return (folder / "saved_model.pb").read_bytes()


def problems(function, folder):
    return list(Graph(written(function, folder)).problems(CORE))


def length(text):
    return tf.cast(tf.strings.length(text), tf.float32)


def test_core_ops_and_those_of_the_text_that_servers_link_are_no_problem(tmp_path):
    split = tensorflow_text.WhitespaceTokenizer().split
    count = lambda text: {"score": length(text) + tf.cast(split(text).row_lengths(), tf.float32)}
    found = Graph(written(count, tmp_path))
    assert found.ops & TEXT_OPS and not list(found.problems(CORE))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_products_of_16_bits_are_noticed(dtype, tmp_path):
    def squared(text):
        found = tf.cast(length(text)[:, None], dtype)
        return {"score": tf.cast(tf.matmul(found, found, transpose_b=True), tf.float32)[:, 0]}

    assert Graph(written(squared, tmp_path)).rounds == (dtype != "float32")


def test_a_python_function_in_the_graph_is_a_problem(tmp_path):
    shout = lambda text: {"text": tf.py_function(tf.strings.upper, [text], tf.string)}
    (problem,) = problems(shout, tmp_path)
    assert problem == "the op EagerPyFunc calls back into Python, which a server has not"


def test_a_function_compiled_with_xla_is_a_problem(tmp_path):
    @tf.function(jit_compile=True)
    def double(score):
        return score * 2

    (problem,) = problems(lambda text: {"score": double(length(text))}, tmp_path)
    assert "jit_compile=True" in problem and "double" in problem


def test_an_op_of_xla_is_a_problem(tmp_path):
    def changed(text):
        index = tf.zeros([1], tf.int32)
        score = xla.dynamic_update_slice(length(text), tf.zeros([0]), index)
        return {"score": tf.ensure_shape(score, [None])}

    (problem,) = problems(changed, tmp_path)
    assert "XlaDynamicUpdateSlice needs XLA" in problem


def test_an_op_that_servers_do_not_link_is_a_problem(tmp_path):
    bits = lambda text: {"score": tf.reduce_sum(tensorflow_text.utf8_binarize(text), axis=-1)}
    (problem,) = problems(bits, tmp_path)
    assert "TFText>Utf8Binarize is in neither" in problem


def test_ops_are_those_that_the_library_reads(tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    looped = lambda text: {"score": tf.map_fn(lambda one: one * 2, length(text))}
    data = written(looped, tmp_path)
    graph = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0].graph_def
    functions = graph.library.function
    wanted = {node.op for node in graph.node}
    wanted |= {node.op for function in functions for node in function.node_def}
    assert Graph(data).ops == wanted - {function.signature.name for function in functions}


def test_signatures_are_those_that_the_library_reads(tmp_path):
    data = written(lambda text: {"text": text, "more": length(text)[:, None]}, tmp_path)
    found = signatures_of(dict(fields(data))[2])
    assert {*found} == {"serving_default"}
    inputs, outputs = found["serving_default"]
    assert [(port.dtype, port.shape) for port in inputs.values()] == [(STRING, [-1])]
    assert outputs["more"].shape == [-1, 1] and outputs["more"].dtype == FLOAT
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    assert np.shape(loaded(text=tf.constant(["a"]))["more"]) == (1, 1)


def signature(inputs=1, **outputs):
    given = {f"text{number}": Port("x:0", STRING, [-1]) for number in range(inputs)}
    return Signature(given, {name: Port("y:0", FLOAT, shape) for name, shape in outputs.items()})


@pytest.mark.parametrize(
    "signatures, words",
    [
        ({"nbest": signature(score=[-1])}, "no signature serving_default .there is: nbest"),
        (
            {"serving_default": signature(score=[])},
            "serving_default: the output score must have the batch as its first axis, it is []",
        ),
        ({"serving_default": signature(score=[3, -1])}, "first axis, it is [3, -1]"),
        ({"serving_default": signature(text_bytes=[-1])}, "text_bytes would be sent as base64"),
        ({"serving_default": signature(2, score=[-1])}, "must have one input"),
    ],
)
def test_what_no_client_could_read_is_a_problem(signatures, words):
    (problem,) = port_problems(signatures)
    assert words.replace(".", "(") in problem or words in problem


def test_every_text_op_that_is_allowed_is_one_of_tensorflow_text():
    assert all(op_def_registry.get(op) for op in TEXT_OPS)
