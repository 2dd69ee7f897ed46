from pipelines.sentencepiece_model import without_path_of_rules


def field(number, value):
    """Writes a field of bytes, or one of a number, shorter than 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def test_only_the_path_of_the_normalizers_rules_is_left_out():
    fixed = bytes([4 << 3 | 5]) + b"abcd" + bytes([5 << 3 | 1]) + b"abcdefgh"
    rest = field(1, b"piece" * 20), fixed, field(2, b"x" * 100)
    spec = field(1, b"identity"), field(6, b"/somewhere/rules.tsv"), field(3, 1)
    model = rest[0] + field(3, b"".join(spec)) + rest[1] + rest[2]
    wanted = rest[0] + field(3, spec[0] + spec[2]) + rest[1] + rest[2]
    assert without_path_of_rules(model) == wanted


def test_long_fields_keep_their_length():
    long = bytes([3 << 3 | 2, 0xAC, 0x02]) + bytes([2 << 3 | 2, 0xA9, 0x02]) + b"y" * 297
    assert without_path_of_rules(long) == long
