import os

import pytest

from pipelines.whole_files import read_list, write_whole


def test_a_file_is_written_into_folders_that_are_made(tmp_path):
    write_whole(tmp_path / "a" / "b.txt", "né")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "né".encode()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and [each.name for each in tmp_path.iterdir()] == ["file"]


def test_only_a_list_is_read_as_a_list(tmp_path):
    write_whole(tmp_path / "list", '["a", 1]')
    assert read_list(tmp_path / "list") == ["a", 1]
    write_whole(tmp_path / "dict", "{}")
    with pytest.raises(ValueError, match="not a JSON list"):
        read_list(tmp_path / "dict")
