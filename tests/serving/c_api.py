"""Answers texts with a SavedModel through TensorFlow's C API, as TensorFlow Serving does.

    python tests/serving/c_api.py saved_models/restore/1 < TEXTS

TEXTS is JSON, a list of batches, each a list of texts. It prints JSON: {"answers": [a dict of the
outputs for each batch], "imported": [what it imported of TensorFlow and Keras, so nothing]}.

Only ctypes and the shared libraries of the installed wheel are used: TensorFlow's Python code and
Keras are never imported, so what answers is the folder and TensorFlow's C++. Like the server, it
loads with the tag "serve", runs the tensors that the SignatureDef names, and has XLA disabled.
"""

import ctypes
import importlib.util
import json
import sys
from ctypes import c_int64, c_size_t, c_void_p
from pathlib import Path

FLOAT, STRING = 1, 7  # TF_DataType in tensorflow/c/tf_datatype.h
NOT_FOUND = 5  # TF_Code in tensorflow/c/tf_status.h
STRING_BYTES = 24  # sizeof(TF_TString); strings of a tensor lie side by side
RETURNS = {
    c_void_p: "TF_AllocateTensor TF_GraphOperationByName TF_LoadLibrary TF_NewBuffer TF_NewGraph "
    "TF_LoadSessionFromSavedModel TF_NewSessionOptions TF_NewStatus TF_StringGetDataPointer "
    "TF_TensorData",
    ctypes.c_char_p: "TF_Message",
    c_int64: "TF_Dim",
    c_size_t: "TF_StringGetSize",
}


class Port(ctypes.Structure):
    """Is TF_Output: one output of one operation."""

    _fields_ = [("operation", c_void_p), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """Is TF_Buffer: bytes with their length."""

    _fields_ = [("data", c_void_p), ("length", c_size_t), ("free", c_void_p)]


class Library:
    """Gives the C functions of the TensorFlow wheel, with their return types."""

    def __init__(self):
        folder = package_folder("tensorflow")
        self._parts = [
            ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
            for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
        ]
        for kind, names in RETURNS.items():
            for name in names.split():
                getattr(self, name).restype = kind

    def __getattr__(self, name):
        part = next(part for part in self._parts if hasattr(part, name))
        setattr(self, name, getattr(part, name))
        return getattr(part, name)


class ServedModel:
    """Runs the signature `serving_default` of a SavedModel, with one input of strings [B]."""

    def __init__(self, folder: str):
        self._c = Library()
        self._c._ZN10tensorflow21DisableXlaCompilationEv()  # as the server's main() does
        self._status = c_void_p(self._c.TF_NewStatus())
        try:
            self._load(folder)
        except LookupError:  # an op is not core TensorFlow's; the server links TensorFlow Text's
            for library in sorted((package_folder("tensorflow_text") / "python/ops").glob("_*.so")):
                self._c.TF_LoadLibrary(str(library).encode(), self._status)
                self._check()
            self._load(folder)

    def _load(self, folder):
        c = self._c
        options, meta = c_void_p(c.TF_NewSessionOptions()), c_void_p(c.TF_NewBuffer())
        self._graph = c_void_p(c.TF_NewGraph())
        tags = (ctypes.c_char_p * 1)(b"serve")
        session = c.TF_LoadSessionFromSavedModel(
            options, None, folder.encode(), tags, 1, self._graph, meta, self._status
        )
        self._check()
        self._session = c_void_p(session)
        written = ctypes.cast(meta, ctypes.POINTER(Buffer)).contents
        meta_graph = ctypes.string_at(written.data, written.length)
        self._inputs, self._outputs = signature(meta_graph, "serving_default")

    def __call__(self, texts: list[str]) -> dict[str, list]:
        """Answers texts [B] -> {output: values [B]}."""
        c, names = self._c, sorted(self._outputs)
        source = self._tensor(texts)
        feeds = (Port * 1)(*map(self._port, self._inputs.values())), (c_void_p * 1)(source), 1
        ports = (Port * len(names))(*[self._port(self._outputs[name]) for name in names])
        values = (c_void_p * len(names))()
        fetches = ports, values, len(names)
        c.TF_SessionRun(self._session, None, *feeds, *fetches, None, 0, None, self._status)
        c.TF_DeleteTensor(source)
        self._check()
        return {name: self._values(c_void_p(value)) for name, value in zip(names, values)}

    def _port(self, tensor_name):
        operation, _, index = tensor_name.partition(":")
        return Port(self._c.TF_GraphOperationByName(self._graph, operation.encode()), int(index))

    def _tensor(self, texts):
        c, shape = self._c, (c_int64 * 1)(len(texts))
        size = c_size_t(STRING_BYTES * len(texts))
        tensor = c_void_p(c.TF_AllocateTensor(STRING, shape, 1, size))
        start = c.TF_TensorData(tensor)
        for row, text in enumerate(text.encode() for text in texts):
            place = c_void_p(start + STRING_BYTES * row)
            c.TF_StringInit(place)
            c.TF_StringCopy(place, text, c_size_t(len(text)))
        return tensor

    def _values(self, tensor):
        c = self._c
        assert c.TF_NumDims(tensor) == 1, "outputs are [B]"
        rows, kind, start = c.TF_Dim(tensor, 0), c.TF_TensorType(tensor), c.TF_TensorData(tensor)
        if kind == STRING:
            places = [c_void_p(start + STRING_BYTES * row) for row in range(rows)]
            pieces = [(c.TF_StringGetDataPointer(at), c.TF_StringGetSize(at)) for at in places]
            values = [ctypes.string_at(*piece).decode() for piece in pieces]
        else:
            assert kind == FLOAT, kind
            values = list((ctypes.c_float * rows).from_address(start)) if rows else []
        c.TF_DeleteTensor(tensor)
        return values

    def _check(self):
        code = self._c.TF_GetCode(self._status)
        if code:
            message = self._c.TF_Message(self._status).decode()
            raise (LookupError if code == NOT_FOUND else RuntimeError)(message)


def package_folder(name: str) -> Path:
    """Finds an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"{name} is not installed")
    return Path(spec.origin).parent


def signature(meta_graph: bytes, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Reads a SignatureDef: MetaGraphDef bytes -> ({input: tensor name}, {output: tensor name}).

    The field numbers are those of tensorflow/core/protobuf/meta_graph.proto.
    """
    for number, entry in fields(meta_graph):
        if number == 5 and dict(fields(entry))[1].decode() == name:
            sides: tuple[dict, dict] = {}, {}
            for side, entry in fields(dict(fields(entry))[2]):
                if side in (1, 2):
                    port = dict(fields(entry))
                    sides[side - 1][port[1].decode()] = dict(fields(port[2]))[1].decode()
            return sides
    raise ValueError(f"the model has no signature {name!r}")


def fields(message: bytes):
    """Yields (field number, value) of a serialised protocol buffer; values are int or bytes."""
    place = 0

    def varint():
        nonlocal place
        value, shift = 0, 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            length = {1: 8, 5: 4}.get(tag & 7) or varint()
            yield tag >> 3, message[place : place + length]
            place += length


if __name__ == "__main__":
    model = ServedModel(sys.argv[1])
    replies = [model(batch) for batch in json.load(sys.stdin)]
    names = {name.partition(".")[0] for name in sys.modules}
    print(json.dumps({"answers": replies, "imported": sorted(names & {"tensorflow", "keras"})}))
