"""Tests of reading zstandard files."""

import random

import pytest
import zstandard

from pipelines.text_files import open_bytes, read_lines
from pipelines.zstandard_reader import open_zstandard

TEXT = b"".join(b"%d dogs bark.\n" % random.Random(n).getrandbits(60) for n in range(20_000))
PACKED = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)


def written(folder, content):
    path = folder / "a.zst"
    path.write_bytes(content)
    return path


def test_all_frames_are_read_one_after_the_other(tmp_path):
    path = written(tmp_path, PACKED * 2 + zstandard.compress(b"end"))
    with open_zstandard(path) as file:
        assert file.read() == TEXT * 2 + b"end"


def test_lines_are_read_by_the_files_suffix(tmp_path):
    lines = list(read_lines(written(tmp_path, PACKED)))
    assert b"".join(line.raw + b"\n" for line in lines) == TEXT


def test_a_frame_is_read_whatever_its_length(tmp_path):
    for size in (0, 1, 16_383, 16_384, 16_385):
        path = written(tmp_path, zstandard.compress(random.Random(1).randbytes(size)))
        with open_zstandard(path) as file:
            assert len(file.read()) == size


@pytest.mark.parametrize("length", [1, 10, 20_000, len(PACKED) - 1, len(PACKED) + 10])
def test_a_file_that_breaks_off_is_an_error(length, tmp_path):
    path = written(tmp_path, (PACKED * 2)[:length])
    with pytest.raises(ValueError, match="a.zst to its end"), open_bytes(path) as file:
        file.read()


def test_a_damaged_file_is_an_error(tmp_path):
    flipped = bytearray(PACKED)
    flipped[len(flipped) // 2] ^= 1
    with pytest.raises(ValueError, match="a.zst to its end"):
        list(read_lines(written(tmp_path, bytes(flipped))))
