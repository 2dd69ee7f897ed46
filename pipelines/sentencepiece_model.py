"""Fields of a SentencePiece model's bytes, in the wire format of protocol buffers.

SentencePiece's own module for its models needs a newer protobuf than some libraries allow, such as
Apache Beam, and nothing else here does.
"""

from collections.abc import Iterator

NORMALIZER, RULES = 3, 6  # ModelProto.normalizer_spec, NormalizerSpec.normalization_rule_tsv
VARINT, FIXED64, SIZED, FIXED32 = 0, 1, 2, 5


def without_path_of_rules(model: bytes) -> bytes:
    """Leaves out the name of the file that held the normalizer's rules, which are in the model."""
    parts = []
    for number, begin, value, end in _fields(model):
        if number != NORMALIZER:
            parts.append(model[begin:end])
            continue
        inside = model[value:end]
        kept = b"".join(inside[a:b] for field, a, _, b in _fields(inside) if field != RULES)
        parts += [_varint(NORMALIZER << 3 | SIZED), _varint(len(kept)), kept]
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yields each field's number, where it begins, where its value begins, and where it ends."""
    place = 0
    while place < len(message):
        key, value = _read_varint(message, place)
        kind = key & 7
        if kind == VARINT:
            _, end = _read_varint(message, value)
        elif kind == SIZED:
            size, value = _read_varint(message, value)
            end = value + size
        else:
            end = value + {FIXED64: 8, FIXED32: 4}[kind]
        yield key >> 3, place, value, end
        place = end


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    """Reads a number of 7 bits a byte, lowest first, and the place after it."""
    number = shift = 0
    while message[place] & 0x80:
        number |= (message[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
    return number | message[place] << shift, place + 1


def _varint(number: int) -> bytes:
    """Writes a number of 7 bits a byte: 300 -> b"\\xac\\x02"."""
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])
