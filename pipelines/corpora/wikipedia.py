"""Passages of Wikipedia with an objective that makes pairs of them."""

import json
from collections.abc import Iterator
from pathlib import Path

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split
from pipelines.objectives import find_objective
from pipelines.text_files import Line, read_lines, require_file
from pipelines.wikipedia.prepare import read_manifest


class Wikipedia(Corpus):
    """Reads the folder that `python -m pipelines wikipedia DUMP FOLDER` wrote.

    `objective` is a section such as {"kind": "restore"}; see pipelines/objectives.py. "valid" and
    "test" are whole articles, set apart by the preparation. With `faulty` "drop", passages that
    the objective cannot use are left out and counted by reason in `dropped`, which starts again
    with each read of a split.
    """

    def __init__(self, folder: str, objective: dict, faulty: Faulty = "error"):
        self._folder, self._faulty = Path(folder), faulty
        self._objective = find_objective(objective)
        self._parts = {
            split: part
            for split, part in read_manifest(self._folder)["splits"].items()
            if part["files"]
        }

    def splits(self) -> list[str]:
        return list(self._parts)

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self._parts)
        paths = [require_file(self._folder, name) for name in self._parts[split]["files"]]
        self.dropped.clear()
        lines = (line for path in paths for line in read_lines(path))
        return keep_good(lines, self._pair, self._faulty, self.dropped)

    def size(self, split: str) -> int | None:
        """Says how many passages the split has; None if faulty ones may be dropped."""
        require_split(split, self._parts)
        return self._parts[split]["passages"] if self._faulty == "error" else None

    def _pair(self, line: Line) -> Pair:
        try:
            source, target = self._objective(json.loads(line.text()))
        except json.JSONDecodeError as error:
            raise Fault("malformed JSON", line.place, str(error)) from None
        except Fault as fault:
            raise fault.at(line.place) from None
        if not source or not target:
            raise Fault("empty text", line.place, "the objective leaves nothing of the passage")
        return source, target
