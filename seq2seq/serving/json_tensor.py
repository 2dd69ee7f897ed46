"""Makes a tensor of nested lists of JSON."""

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seq2seq.serving.serving_error import ServingError, wrong
from seq2seq.serving.signature import Port

MOST_AXES = 8
Reader = Callable[[Any], Any]


def tensor(name: str, value: Any, port: Port, max_line: int) -> np.ndarray:
    """Makes the tensor of an input: ["a", {"b64": "Yg=="}] -> [b"a", b"b"].

    Raises:
        ServingError: INVALID_ARGUMENT, where it is ragged, of another type or shape, or holds a
            text of more than `max_line` bytes.
    """
    if port.type is None:
        raise ServingError("UNIMPLEMENTED", f"input {name}: JSON cannot carry its type")
    shape = _shape(value)
    if not port.admits(shape) or len(shape) > MOST_AXES:
        wanted = list(port.shape or "?")
        raise wrong(f"input {name}: its shape must be {wanted} (-1: any), it is {list(shape)}")
    read = _reader(port.type, max_line)
    try:
        leaves = [read(leaf) for leaf in _leaves(value, shape)]
    except ValueError as error:
        raise wrong(f"input {name}: {error}") from None
    array: np.ndarray = np.empty(len(leaves), port.type)
    array[:] = leaves
    return array.reshape(shape)


def _shape(value: Any) -> tuple[int, ...]:
    """Reads the shape that the first elements tell."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _leaves(value: Any, shape: tuple[int, ...]) -> Iterator[Any]:
    if not shape:
        if isinstance(value, list):
            raise ValueError("a list where a value must be")
        yield value
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        found = f"a list of {len(value)}" if isinstance(value, list) else "a value"
        raise ValueError(f"{found} where a list of {shape[0]} must be, as before it")
    for each in value:
        yield from _leaves(each, shape[1:])


def _reader(type_: type, max_line: int) -> Reader:
    if type_ is np.object_:
        return lambda value: _text(value, max_line)
    if type_ is np.bool_:
        return lambda value: _of(value, bool)
    if issubclass(type_, np.integer):
        limits = np.iinfo(type_)
        return lambda value: _within(_of(value, int), int(limits.min), int(limits.max))
    most = float(np.finfo(np.float32 if type_ is np.float32 else np.float64).max)
    return lambda value: float(_within(_of(value, (int, float)), -most, most))


def _text(value: Any, max_line: int) -> bytes:
    if isinstance(value, str):
        text = value.encode()
    elif isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str):
        try:
            text = base64.b64decode(value["b64"].encode(), validate=True)
        except binascii.Error as error:
            raise ValueError(f"Unable to base64 decode: {error}") from None
    else:
        raise ValueError(f'expecting a string or {{"b64": string}}, not {_kind(value)}')
    if len(text) > max_line:
        raise ValueError(f"a text of {len(text)} bytes; at most {max_line} are read")
    return text


def _of(value: Any, kinds: Any) -> Any:
    """Passes a value of a type on; True is no number here."""
    if not isinstance(value, kinds) or isinstance(value, bool) and kinds is not bool:
        wanted = "true or false" if kinds is bool else "an integer" if kinds is int else "a number"
        raise ValueError(f"expecting {wanted}, not {_kind(value)}")
    return value


def _within(value, least, most):
    if not least <= value <= most:
        raise ValueError(f"{value} is not within {least} and {most}")
    return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
