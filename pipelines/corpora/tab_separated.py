"""Source and target in two columns of one file."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split
from pipelines.text_files import Line, read_lines, require_file


class TabSeparated(Corpus):
    """Reads two columns of tab-separated lines; there is no quoting. Plain, .gz, .bz2 or .xz.

    A column is a number that counts from 1, as in `cut -f`, or a name that stands in the first
    line. TabSeparated({"train": "train.tsv"}, source="de", target="en") needs such a first line;
    with numbers only, `header` says whether there is one to skip. With `faulty` "drop", faulty
    examples are left out and counted by reason in `dropped`, anew with each read of a split.
    """

    def __init__(
        self,
        paths: dict[str, str],
        source: int | str = 1,
        target: int | str = 2,
        folder: str = ".",
        header: bool = False,
        faulty: Faulty = "error",
    ):
        for column in (source, target):
            if isinstance(column, int) and column < 1:
                raise ValueError(f"columns count from 1, column {column} does not exist")
        self._paths, self._folder, self._faulty = dict(paths), folder, faulty
        self._columns = (source, target)
        self._header = header or any(isinstance(column, str) for column in self._columns)

    def splits(self) -> list[str]:
        return list(self._paths)

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self._paths)
        path = require_file(self._folder, self._paths[split])
        self.dropped.clear()
        return self._read(path)

    def _read(self, path: Path) -> Iterator[Pair]:
        lines = read_lines(path)
        names = next(lines, Line(path, 1, b"")).text().split("\t") if self._header else []
        source, target = (_index(column, names, path) for column in self._columns)
        return keep_good(
            lines, lambda line: _pair(line, source, target), self._faulty, self.dropped
        )


def _index(column: int | str, names: list[str], path: Path) -> int:
    """Finds where a column stands, counted from 0."""
    if isinstance(column, int):
        return column - 1
    if column not in names:
        raise ValueError(f"{path} has no column {column!r} (its first line: {', '.join(names)})")
    return names.index(column)


def _pair(line: Line, source: int, target: int) -> Pair:
    fields = line.text().split("\t")
    if len(fields) <= max(source, target):
        detail = f"{len(fields)} columns, wanted column {max(source, target) + 1}"
        raise Fault("missing column", line.place, detail)
    for index in (source, target):
        if not fields[index] or fields[index].isspace():
            raise Fault("empty field", line.place, f"column {index + 1}")
    return fields[source], fields[target]
