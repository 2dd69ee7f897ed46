"""The JSON of a prediction, in and out, as TensorFlow Serving's REST interface has it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from seq2seq.serving.json_tensor import tensor
from seq2seq.serving.serving_error import wrong
from seq2seq.serving.signature import Signature, Tensors

DEFAULT = "serving_default"


@dataclass(frozen=True)
class JsonRequest:
    """Is what a client asks: a signature, its inputs, and whether it wants rows or columns."""

    signature: Signature
    tensors: Tensors
    by_row: bool

    @classmethod
    def read(cls, body: bytes, signatures: Mapping[str, Signature], max_line: int) -> "JsonRequest":
        """Reads {"instances": [...]} (rows) or {"inputs": ...} (columns), with "signature_name".

        Raises:
            ServingError: INVALID_ARGUMENT, where it is not what the signature takes.
        """
        asked = json_object(body)
        signature = _signature(asked, signatures)
        forms = [name for name in ("instances", "inputs") if name in asked]
        if len(forms) != 1:
            raise wrong(
                "Expecting only one of 'inputs' or 'instances'; both are there"
                if forms
                else "Missing 'inputs' or 'instances' key"
            )
        by_row = forms == ["instances"]
        columns = (_transposed if by_row else _named)(asked[forms[0]], signature)
        tensors = {
            name: tensor(name, columns[name], port, max_line)
            for name, port in signature.inputs.items()
        }
        return cls(signature, tensors, by_row)

    def answer(self, outputs: Tensors) -> bytes:
        """Writes {"predictions": [...]} or {"outputs": ...}; a lone output goes without its name.

        Raises:
            ServingError: INVALID_ARGUMENT, where rows are wanted and an output has none.
        """
        written = {name: _written(name, outputs[name]) for name in sorted(outputs)}
        if not self.by_row:
            (found,) = written.values() if len(written) == 1 else [written]
            return _json({"outputs": found})
        for name, output in outputs.items():
            if not output.ndim:
                raise wrong(f"Tensor name: {name} has no shape information; ask by 'inputs'")
        if len(written) == 1:
            (found,) = written.values()
            return _json({"predictions": found})
        rows = zip(*written.values(), strict=True)
        return _json({"predictions": [dict(zip(written, row)) for row in rows]})


def json_object(body: bytes) -> dict[str, Any]:
    """Reads the JSON object that a request must be."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise wrong(f"JSON Parse error: {error}") from None
    if not isinstance(asked, dict):
        raise wrong("JSON Value: is not an object")
    return asked


def _signature(asked: dict, signatures: Mapping[str, Signature]) -> Signature:
    name = asked.get("signature_name", DEFAULT)
    if not isinstance(name, str):
        raise wrong("'signature_name' key must be a string value")
    if (name or DEFAULT) not in signatures:
        known = ", ".join(sorted(signatures))
        raise wrong(f'Serving signature name: "{name}" not found in signature def; it has {known}')
    return signatures[name or DEFAULT]


def _transposed(rows: Any, signature: Signature) -> dict[str, list]:
    """[{"text": "a"}, {"text": "b"}] or ["a", "b"] -> {"text": ["a", "b"]}."""
    if not isinstance(rows, list):
        raise wrong("Expecting 'instances' to be a list/array")
    if not rows:
        raise wrong("No values in 'instances' array")
    named = _is_named(rows[0])
    if not named and len(signature.inputs) > 1:
        raise wrong(f"instances must be a list of objects with {', '.join(signature.inputs)}")
    for place, row in enumerate(rows):
        if _is_named(row) != named:
            raise wrong(f"Element {place} of 'instances': expecting objects only, or none")
        if named and row.keys() != signature.inputs.keys():
            raise wrong(
                f"Failed to process element: {place} of 'instances' list. "
                f"Its keys must be equal to: {','.join(signature.inputs)}"
            )
    return {name: [row[name] if named else row for row in rows] for name in signature.inputs}


def _named(columns: Any, signature: Signature) -> dict[str, Any]:
    """{"text": ["a", "b"]} or ["a", "b"] -> {"text": ["a", "b"]}."""
    if not _is_named(columns):
        if len(signature.inputs) > 1:
            raise wrong(f"inputs must be an object with {', '.join(signature.inputs)}")
        return dict.fromkeys(signature.inputs, columns)
    for name in signature.inputs:
        if name not in columns:
            raise wrong(f"Missing named input: {name} in 'inputs' object")
    return columns


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() != {"b64"}


def _written(name: str, array: np.ndarray) -> Any:
    """Makes text of bytes; other values stay, orjson writes them with their own precision."""
    if array.dtype != np.object_:
        return np.ascontiguousarray(array) if array.ndim else array.item()
    as_base64 = name.endswith("_bytes")
    write = _base64 if as_base64 else lambda value: value.decode("utf-8", "replace")
    return np.asarray(np.frompyfunc(write, 1, 1)(array), np.object_).tolist()


def _base64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode()}


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
