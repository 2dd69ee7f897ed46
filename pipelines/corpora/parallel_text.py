"""Two files for each split, one example a line."""

import itertools
from collections.abc import Iterator

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split
from pipelines.text_files import Line, read_lines, require_file


class ParallelText(Corpus):
    """Line n of the source file belongs to line n of the target file; plain, .gz, .bz2 or .xz.

    ParallelText({"train": "train.de"}, {"train": "train.en"}, "data") reads data/train.de and
    data/train.en. With `faulty` "drop", faulty examples are left out and counted by reason in
    `dropped`, which starts again with each read of a split.
    """

    def __init__(
        self,
        source: dict[str, str],
        target: dict[str, str],
        folder: str = ".",
        faulty: Faulty = "error",
    ):
        if source.keys() != target.keys():
            alone = ", ".join(sorted(source.keys() ^ target.keys()))
            raise ValueError(f"source and target must name the same splits; only one has: {alone}")
        self._source, self._target = dict(source), dict(target)
        self._folder, self._faulty = folder, faulty

    def splits(self) -> list[str]:
        return list(self._source)

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self._source)
        source = require_file(self._folder, self._source[split])
        target = require_file(self._folder, self._target[split])
        self.dropped.clear()
        rows = itertools.zip_longest(read_lines(source), read_lines(target))
        return keep_good(rows, _pair, self._faulty, self.dropped)


def _pair(row: tuple[Line | None, Line | None]) -> Pair:
    match row:
        case (Line() as source, Line() as target):
            return source.text(), target.text()
        case (Line() as source, _):
            raise Fault("line without a partner", source.place, "the target has fewer lines")
        case (_, Line() as target):
            raise Fault("line without a partner", target.place, "the source has fewer lines")
    raise AssertionError("zip_longest never gives two missing lines")
