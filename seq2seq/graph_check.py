"""What keeps TensorFlow Serving from answering, as far as a SavedModel's graph shows it."""

from collections.abc import Iterator

from seq2seq.c_api import NUMBERS, STRING, Signature
from seq2seq.wire import entries, fields

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
COMPILED = "_XlaMustCompile"
PRODUCTS = frozenset(["BatchMatMulV2", "BatchMatMulV3", "Einsum", "MatMul"])
SHORT = frozenset([14, 19])  # bfloat16 and half of types.proto


class Graph:
    """The operations of a SavedModel.

    ops: their kinds. compiled: the names of nodes and functions that are marked for XLA.
    rounds: whether products are computed in 16 bits.

    The field numbers are those of saved_model.proto, meta_graph.proto, graph.proto, node_def.proto
    and function.proto.
    """

    def __init__(self, saved_model: bytes):
        graph = _last(_last(saved_model, 2), 2)
        functions = _all(_last(graph, 2), 1)
        nodes = _all(graph, 1)
        for function in functions:
            nodes += _all(function, 3)
        names = {_text(_last(function, 1), 1) for function in functions}
        self.ops = {_text(node, 2) for node in nodes} - names
        marked = [(_text(node, 1), node) for node in nodes]
        marked += [(_text(_last(function, 1), 1), function) for function in functions]
        self.compiled = sorted(name for name, each in marked if _attribute(each, COMPILED).get(5))
        self.rounds = any(
            _text(node, 2) in PRODUCTS and _attribute(node, "T").get(6) in SHORT for node in nodes
        )

    def problems(self, core: frozenset[str]) -> Iterator[str]:
        """Yields sentences; `core` are the ops of TensorFlow itself."""
        for op in sorted(self.ops):
            if op in PYTHON_OPS:
                yield f"the op {op} calls back into Python, which a server has not"
            elif op.lstrip("_").startswith("Xla"):
                yield f"the op {op} needs XLA, which TensorFlow Serving turns off"
            elif op not in core | TEXT_OPS:
                yield (
                    f"the op {op} is in neither TensorFlow nor the TensorFlow Text that servers "
                    "link"
                )
        if self.compiled:
            told = ", ".join(self.compiled)
            yield f"jit_compile=True, which TensorFlow Serving refuses: {told}"


def port_problems(signatures: dict[str, Signature]) -> Iterator[str]:
    """Yields what is wrong with the tensors of signatures, as sentences."""
    if "serving_default" not in signatures:
        told = ", ".join(sorted(signatures)) or "none"
        yield f"there is no signature serving_default (there is: {told})"
    for name, signature in sorted(signatures.items()):
        sides = {"input": signature.inputs, "output": signature.outputs}
        for side, ports in sides.items():
            for port, (_, dtype, shape) in ports.items():
                called = f"{name}: the {side} {port}"
                if shape[:1] != [-1]:
                    yield f"{called} must have the batch as its first axis, it is {shape}"
                if dtype not in {STRING, *NUMBERS}:
                    yield f"{called} has a type that clients do not read, number {dtype}"
                if port.endswith("_bytes"):
                    yield f"{called} would be sent as base64: no name may end with _bytes"
    default = signatures.get("serving_default")
    if default and len(default.inputs) != 1:
        told = ", ".join(sorted(default.inputs))
        yield f"serving_default must have one input, for plain lists of texts; it has {told}"


def _all(message: bytes, number: int) -> list[bytes]:
    return [value for found, value in fields(message) if found == number]


def _last(message: bytes, number: int) -> bytes:
    return dict(fields(message)).get(number, b"")


def _text(message: bytes, number: int) -> str:
    return _last(message, number).decode()


def _attribute(message: bytes, name: str) -> dict:
    """Reads an attribute of a node or a function: its value by its number in attr_value.proto."""
    if name.encode() not in message:
        return {}
    return dict(fields(entries(message, 5).get(name, b"")))
