"""Requests and Python's answers to them, kept with an export so that it can be checked anywhere."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FILE = "assets.extra/samples.json.gz"


class Sample(NamedTuple):
    """A request to a signature and the answer to it: arrays by name, strings as bytes."""

    signature: str
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


def write_samples(folder: Path, samples: list[Sample]) -> None:
    """Writes samples into a version's folder; strings that are no UTF-8 as {"b64": ...}."""
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    told = [
        {"signature": name, "inputs": _named(inputs), "outputs": _named(outputs)}
        for name, inputs, outputs in samples
    ]
    path.write_bytes(gzip.compress(json.dumps(told, ensure_ascii=False).encode(), mtime=0))


def read_samples(folder: Path) -> list[Sample]:
    """Reads what `write_samples` wrote.

    Raises:
        ValueError: the folder has none, or they cannot be read.
    """
    path = folder / FILE
    try:
        told = json.loads(gzip.decompress(path.read_bytes()))
        return [
            Sample(one["signature"], _arrays(one["inputs"]), _arrays(one["outputs"]))
            for one in told
        ]
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: export the model again") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): export the model again") from None


def plain(array: np.ndarray) -> Any:
    """Makes plain data of an array as TensorFlow Serving does: numbers, str, or {"b64": ...}."""
    if array.dtype == object:
        return _each(array.tolist(), _string)
    if array.dtype == np.float32:
        short = np.empty(array.size, object)
        short[:] = [float(str(value)) for value in array.ravel()]  # that mean the same float32
        return short.reshape(array.shape).tolist()
    return array.tolist()


def _named(arrays: dict[str, np.ndarray]) -> dict:
    return {
        name: {"shape": array.shape, "type": str(array.dtype), "values": plain(array.ravel())}
        for name, array in arrays.items()
    }


def _arrays(named: dict) -> dict[str, np.ndarray]:
    return {name: _array(**told) for name, told in named.items()}


def _array(shape: list[int], type: str, values: list) -> np.ndarray:
    if type == "object":
        values = [_bytes(value) for value in values]
    array = np.empty(len(values), type)
    array[:] = values
    return array.reshape(shape)


def _each(values, change):
    return (
        [_each(value, change) for value in values] if isinstance(values, list) else change(values)
    )


def _string(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def _bytes(value) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["b64"])
