"""Reads an exported model as a server would: python -P export_check.py FOLDER < REQUESTS.

A program of its own, run by export.py in a fresh process: nothing of this project and no Keras
model is at hand there, so what it answers comes from the folder alone. REQUESTS is JSON, a list of
batches, each a list of texts; it prints {"problems": [...], "answers": [{"text", "score"}, ...]}.
"""

import json
import os
import sys

# What TensorFlow Serving links from TensorFlow Text since its release 2.11 (`ops_lib` in
# tensorflow_text/BUILD of v2.8.2, v2.12.1 and v2.20.0); trimmers and Utf8Binarize came later.
TEXT_OPS = frozenset("""
    CaseFoldUTF8 FastWordpieceTokenizeWithOffsets FindSourceOffsets NormalizeUTF8
    NormalizeUTF8WithOffsetsMap RegexSplitWithOffsets SentencepieceDetokenizeOp
    SentencepieceIdToStringOp SentencepieceOp SentencepieceStringToIdOp SentencepieceTokenizeOp
    SentencepieceTokenizeWithOffsetsOp SentencepieceVocabSizeOp TFText>ByteSplitByOffsets
    TFText>ByteSplitWithOffsets TFText>FastSentencepieceDetokenize TFText>FastSentencepieceTokenize
    TFText>FastWordpieceDetokenize TFText>WhitespaceTokenizeWithOffsetsV2
    UnicodeScriptTokenizeWithOffsets WhitespaceTokenizeWithOffsets WordpieceTokenizeWithOffsets
    """.split())
PYTHON_OPS = frozenset(["PyFunc", "PyFuncStateless", "EagerPyFunc"])
STRING, FLOAT = 7, 1  # tensorflow/core/framework/types.proto
EXPECTED = {"text": STRING, "score": FLOAT}


def problems(graph, signature) -> list[str]:
    """Lists what would keep TensorFlow Serving from answering, as sentences; [] is good.

    graph: GraphDef; signature: the SignatureDef `serving_default`.
    """
    return [*_bad_ops(graph), *_must_compile(graph), *_bad_ports(signature)]


def _nodes(graph):
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _bad_ops(graph):
    from tensorflow.python.framework import op_def_registry

    functions = {function.signature.name for function in graph.library.function}
    for op in sorted({node.op for node in _nodes(graph)} - functions):
        if op in PYTHON_OPS:
            yield f"the op {op} calls back into Python, which a server has not"
        elif op.lstrip("_").startswith("Xla"):
            yield f"the op {op} needs XLA, which TensorFlow Serving turns off"
        elif op not in TEXT_OPS and (op.startswith("TFText>") or op_def_registry.get(op) is None):
            yield f"the op {op} is in neither TensorFlow nor the TensorFlow Text that servers link"


def _must_compile(graph):
    functions = {function.signature.name: function for function in graph.library.function}
    marked = {node.name: node for node in _nodes(graph)} | functions
    compiled = sorted(name for name in marked if marked[name].attr["_XlaMustCompile"].b)
    if compiled:
        yield f"jit_compile=True, which TensorFlow Serving refuses: {', '.join(compiled)}"


def _bad_ports(signature):
    inputs = {name: (port.dtype, _shape(port)) for name, port in signature.inputs.items()}
    if inputs != {"text": (STRING, [-1])}:
        yield f"the input must be text, string [None]; the inputs (type, shape) are {inputs}"
    for name, port in signature.outputs.items():
        if name.endswith("_bytes"):
            yield f"the output {name} would be sent as base64: no name may end with _bytes"
        if _shape(port)[:1] != [-1]:
            yield f"the output {name} must have the batch as its first axis, it is {_shape(port)}"
    outputs = {name: port.dtype for name, port in signature.outputs.items()}
    if outputs != EXPECTED:
        yield f"the outputs must be {EXPECTED} (name: type), they are {outputs}"


def _shape(port) -> list[int]:
    return [axis.size for axis in port.tensor_shape.dim]


def _answer(folder: str, batches: list[list[str]]) -> dict:
    from tensorflow.core.protobuf import saved_model_pb2

    with open(os.path.join(folder, "saved_model.pb"), "rb") as file:
        graph = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs[0]
    # Before TensorFlow Text is imported, so that the registry holds the core ops and no others.
    found = problems(graph.graph_def, graph.signature_def["serving_default"])
    if found:
        return {"problems": found}
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 registers its ops

    serve = tf.saved_model.load(folder).signatures["serving_default"]
    replies = [serve(text=tf.constant(batch, tf.string, [len(batch)])) for batch in batches]
    texts = [[text.decode() for text in reply["text"].numpy().tolist()] for reply in replies]
    scores = [reply["score"].numpy().tolist() for reply in replies]
    answers = [{"text": text, "score": score} for text, score in zip(texts, scores)]
    return {"problems": [], "answers": answers}


if __name__ == "__main__":
    print(json.dumps(_answer(sys.argv[1], json.load(sys.stdin))))
