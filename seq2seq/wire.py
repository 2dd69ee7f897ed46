"""The wire format of protocol buffers, which needs no generated code and no TensorFlow.

https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator
from typing import Any

VARINT, EIGHT_BYTES, WITH_LENGTH, FOUR_BYTES = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yields (field number, value) of a message; values are int, or bytes where they have a length.

    fields(b"\\x08\\x96\\x01") -> (1, 150)
    """
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        number, kind = divmod(varint(), 8)
        if kind == VARINT:
            yield number, varint()
        else:
            length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind) or varint()
            yield number, message[place : place + length]
            place += length


def entries(message: bytes, number: int) -> dict[str, bytes]:
    """Reads a map from strings to messages, which is the field `number`."""
    pairs = (dict(fields(value)) for found, value in fields(message) if found == number)
    return {pair[1].decode(): pair.get(2, b"") for pair in pairs}


def signed(value: int) -> int:
    """Reads an int64, which a varint holds as if it had no sign."""
    return value - 2**64 if value >= 2**63 else value


def message(*given: tuple[int, int | bytes | str]) -> bytes:
    """Writes a message of (field number, value), in their order.

    message((1, 150)) -> b"\\x08\\x96\\x01"
    """
    return b"".join(_field(number, value) for number, value in given)


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number * 8 + VARINT) + _varint(value % 2**64)
    written = value.encode() if isinstance(value, str) else value
    return _varint(number * 8 + WITH_LENGTH) + _varint(len(written)) + written


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value % 128 + 128)
        value //= 128
    return bytes([*written, value])
