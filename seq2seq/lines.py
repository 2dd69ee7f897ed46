"""Texts of the command line: files or streams with a text on each line."""

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from pipelines.text_files import read_lines, require_file

ENDS = str.maketrans("\r\n", "  ")


def read_texts(path: Path | None) -> Iterator[str]:
    """Yields the lines of a file, or of standard input; .gz, .bz2 and .xz are unpacked.

    An empty line is a text like others, so that line n of the output answers line n of the input.

    Raises:
        ValueError: the file is not there, or cannot be read to its end.
    """
    if path is not None:
        for line in read_lines(require_file(path.parent, path.name)):
            yield line.raw.decode(errors="replace")
    else:
        for raw in sys.stdin.buffer:
            yield raw.decode(errors="replace").removesuffix("\n").removesuffix("\r")


def read_pairs(source: Path, target: Path) -> Iterator[tuple[str, str]]:
    """Yields (source, target) from two files with as many lines.

    Raises:
        ValueError: one has more lines, or cannot be read to its end.
    """
    lines = itertools.zip_longest(read_texts(source), read_texts(target))
    for number, (left, right) in enumerate(lines, start=1):
        if left is None or right is None:
            short, long = (source, target) if left is None else (target, source)
            raise ValueError(
                f"{short} ends after {number - 1} lines and {long} goes on: "
                "line n of both must be a pair"
            )
        yield left, right


@contextlib.contextmanager
def writing(path: Path | None) -> Iterator[TextIO]:
    """Opens standard output, or a file that is written beside and renamed when it is whole.

    Raises:
        ValueError: there is no folder for the file.
    """
    if path is None:
        yield sys.stdout
        return
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {path}: there is no folder {path.parent}")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def one_line(text: str) -> str:
    """Puts a space for each line end in a text, so that it stays on its line."""
    return text.translate(ENDS)
