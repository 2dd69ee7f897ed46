"""Answers with a SavedModel through TensorFlow's C API, as TensorFlow Serving does.

Only ctypes and the shared libraries of the installed wheel are used: TensorFlow's Python code and
Keras are never imported, so what answers is the folder and TensorFlow's C++. Like the server, it
loads with the tag "serve", runs the tensors that a SignatureDef names, and has XLA disabled.
"""

import ctypes
import importlib.util
from collections.abc import Mapping
from ctypes import c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seq2seq.wire import entries, fields, signed

STRING = 7  # TF_DataType in tensorflow/c/tf_datatype.h
NUMBERS = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64, 10: np.bool_}
NOT_FOUND = 5  # TF_Code in tensorflow/c/tf_status.h
STRING_BYTES = 24  # sizeof(TF_TString); strings of a tensor lie side by side
RETURNS = {
    c_void_p: "TF_AllocateTensor TF_GetAllOpList TF_GraphOperationByName TF_LoadLibrary "
    "TF_NewBuffer TF_NewGraph TF_LoadSessionFromSavedModel TF_NewSessionOptions TF_NewStatus "
    "TF_StringGetDataPointer TF_TensorData",
    ctypes.c_char_p: "TF_Message",
    c_int64: "TF_Dim",
    c_size_t: "TF_StringGetSize",
}


class Port(NamedTuple):
    """A tensor of a signature: its name in the graph, TF_DataType and shape, -1 for any size."""

    name: str
    dtype: int
    shape: list[int]


class Signature(NamedTuple):
    """A way to ask a model: its tensors by the names that clients use."""

    inputs: dict[str, Port]
    outputs: dict[str, Port]


class _Place(ctypes.Structure):
    """Is TF_Output: one output of one operation."""

    _fields_ = [("operation", c_void_p), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    """Is TF_Buffer: bytes with their length."""

    _fields_ = [("data", c_void_p), ("length", c_size_t), ("free", c_void_p)]


class Library:
    """Gives the C functions of the TensorFlow wheel, with their return types."""

    def __init__(self):
        folder = _package_folder("tensorflow")
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

    def ops(self) -> frozenset[str]:
        """Names the ops that are known: TensorFlow's own, until a library is loaded."""
        listed = _bytes_of(c_void_p(self.TF_GetAllOpList()))
        return frozenset(dict(fields(op))[1].decode() for _, op in fields(listed))

    def load_text_ops(self) -> None:
        """Loads what the server links of TensorFlow Text, and what else its wheel holds."""
        status = _Status(self)
        for path in sorted((_package_folder("tensorflow_text") / "python/ops").glob("_*.so")):
            self.TF_LoadLibrary(str(path).encode(), status.at)
            status.check()

    def turn_xla_off(self) -> None:
        """Does as the server's main()."""
        self._ZN10tensorflow21DisableXlaCompilationEv()


class ServedModel:
    """Runs the signatures of a SavedModel. May be called by several threads at once.

    signatures: what it may be asked, by name.

    Raises:
        RuntimeError: TensorFlow cannot load it.
    """

    def __init__(self, folder: str | Path):
        self._c = Library()
        self._c.turn_xla_off()
        try:
            self._load(str(folder))
        except LookupError:  # an op is not core TensorFlow's; the server links TensorFlow Text's
            self._c.load_text_ops()
            self._load(str(folder))

    def _load(self, folder: str) -> None:
        c, status = self._c, _Status(self._c)
        options, meta = c_void_p(c.TF_NewSessionOptions()), c_void_p(c.TF_NewBuffer())
        self._graph = c_void_p(c.TF_NewGraph())
        tags = (ctypes.c_char_p * 1)(b"serve")
        session = c.TF_LoadSessionFromSavedModel(
            options, None, folder.encode(), tags, 1, self._graph, meta, status.at
        )
        status.check()
        self._session = c_void_p(session)
        self.signatures = signatures_of(_bytes_of(meta))

    def __call__(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Answers inputs, nested lists or arrays; strings are str or bytes, and bytes come back.

        Raises:
            ValueError: there is no such signature, or its inputs are others.
            RuntimeError: TensorFlow cannot answer.
        """
        asked = self._signature(signature, inputs)
        c, names, status = self._c, list(asked.outputs), _Status(self._c)
        given = [_Tensor.of(c, port, inputs[name]) for name, port in asked.inputs.items()]
        feeds = self._places(asked.inputs.values()), (c_void_p * len(given))(*given), len(given)
        values = (c_void_p * len(names))()
        fetches = self._places(asked.outputs.values()), values, len(names)
        c.TF_SessionRun(self._session, None, *feeds, *fetches, None, 0, None, status.at)
        try:
            status.check()
            return {name: _Tensor(c, value).read() for name, value in zip(names, values)}
        finally:
            # Outputs may be inputs: these go last.
            for tensor in [*values, *given]:
                c.TF_DeleteTensor(c_void_p(tensor))

    def _signature(self, name: str, inputs: Mapping[str, Any]) -> Signature:
        if name not in self.signatures:
            known = ", ".join(sorted(self.signatures))
            raise ValueError(f"the model has no signature {name!r} (it has: {known})")
        wanted = self.signatures[name].inputs
        if set(inputs) != set(wanted):
            raise ValueError(f"{name} takes {', '.join(wanted)}; given {', '.join(inputs)}")
        return self.signatures[name]

    def _places(self, ports):
        found = []
        for port in ports:
            operation, _, index = port.name.partition(":")
            at = self._c.TF_GraphOperationByName(self._graph, operation.encode())
            found.append(_Place(at, int(index)))
        return (_Place * len(found))(*found)


class _Status:
    """What became of a call."""

    def __init__(self, library: Library):
        self._c = library
        self.at = c_void_p(library.TF_NewStatus())

    def check(self) -> None:
        code, said = self._c.TF_GetCode(self.at), self._c.TF_Message(self.at).decode()
        if code:
            raise (LookupError if code == NOT_FOUND else RuntimeError)(said)

    def __del__(self):
        self._c.TF_DeleteStatus(self.at)


class _Tensor:
    """Reads and writes a TF_Tensor."""

    def __init__(self, library: Library, at: int):
        self._c = library
        self._at = c_void_p(at)
        self._start = library.TF_TensorData(self._at)

    @classmethod
    def of(cls, library: Library, port: Port, values) -> int:
        """Makes a tensor of nested lists, or an array, and tells where it is."""
        array: np.ndarray = np.asarray(values, NUMBERS.get(port.dtype, object))
        if not array.size and array.ndim < len(port.shape):  # lists of none do not say their rank
            array = array.reshape([0] * len(port.shape))
        size = STRING_BYTES if port.dtype == STRING else array.itemsize
        shape = (c_int64 * array.ndim)(*array.shape)
        at = library.TF_AllocateTensor(port.dtype, shape, array.ndim, c_size_t(size * array.size))
        cls(library, at)._write(array, port.dtype)
        return at

    def _write(self, array: np.ndarray, dtype: int) -> None:
        if dtype != STRING:
            ctypes.memmove(self._start, np.ascontiguousarray(array).tobytes(), array.nbytes)
            return
        for number, text in enumerate(array.ravel().tolist()):
            text = text.encode() if isinstance(text, str) else text
            place = c_void_p(self._start + STRING_BYTES * number)
            self._c.TF_StringInit(place)
            self._c.TF_StringCopy(place, text, c_size_t(len(text)))

    def read(self) -> np.ndarray:
        c = self._c
        shape = [c.TF_Dim(self._at, axis) for axis in range(c.TF_NumDims(self._at))]
        size, dtype = int(np.prod(shape)), c.TF_TensorType(self._at)
        if dtype != STRING:
            kind = np.dtype(NUMBERS[dtype])
            return np.frombuffer(self._bytes(size * kind.itemsize), kind).reshape(shape)
        places = [c_void_p(self._start + STRING_BYTES * number) for number in range(size)]
        strings = np.empty(size, object)
        for number, at in enumerate(places):
            strings[number] = ctypes.string_at(
                c.TF_StringGetDataPointer(at), c.TF_StringGetSize(at)
            )
        return strings.reshape(shape)

    def _bytes(self, size: int) -> bytes:
        return ctypes.string_at(self._start, size) if size else b""


def _package_folder(name: str) -> Path:
    """Finds an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"{name} is not installed")
    return Path(spec.origin).parent


def _bytes_of(buffer: c_void_p) -> bytes:
    written = ctypes.cast(buffer, ctypes.POINTER(_Buffer)).contents
    return ctypes.string_at(written.data, written.length)


def signatures_of(meta_graph: bytes) -> dict[str, Signature]:
    """Reads the signatures of a serialised MetaGraphDef.

    The field numbers are those of tensorflow/core/protobuf/meta_graph.proto.
    """
    found = {}
    for name, signature in entries(meta_graph, 5).items():
        inputs, outputs = (
            {port: _port(info) for port, info in entries(signature, side).items()}
            for side in (1, 2)
        )
        # The loader has one of its own, which initialises a model.
        if not name.startswith("__"):
            found[name] = Signature(inputs, outputs)
    return found


def _port(info: bytes) -> Port:
    """Reads a TensorInfo."""
    told = dict(fields(info))
    axes = [dict(fields(axis)) for number, axis in fields(told.get(3, b"")) if number == 2]
    return Port(told[1].decode(), told.get(2, 0), [signed(axis.get(1, 0)) for axis in axes])
