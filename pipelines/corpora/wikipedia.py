"""Articles of Wikipedia with an objective that makes pairs of them."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import require_split
from pipelines.objectives.objective import find_objective
from pipelines.text_files import require_file
from pipelines.wikipedia.manifest import read_manifest
from pipelines.wikipedia.shards import read_articles


class Wikipedia(Corpus):
    """Reads the folder that `python -m pipelines wikipedia DUMP --output FOLDER` wrote.

    `objective` is a section such as {"kind": "restore"} or {"kind": "denoise", "passages":
    {"sentences": 5}}; see pipelines/objectives. "valid" and "test" are whole articles, set apart
    by the preparation. Articles of which the objective makes nothing are counted in `dropped`,
    which starts again with each read of a split.
    """

    def __init__(self, folder: str, objective: dict):
        self._folder = Path(folder)
        self._objective = find_objective(objective)
        self._parts = {
            split: part
            for split, part in read_manifest(self._folder)["splits"].items()
            if part["files"]
        }

    def splits(self) -> list[str]:
        return list(self._parts)

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._objective.symbols

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self._parts)
        paths = [require_file(self._folder, name) for name in self._parts[split]["files"]]
        self.dropped.clear()
        return self._pairs(paths)

    def _pairs(self, paths: list[Path]) -> Iterator[Pair]:
        for path in paths:
            for article in read_articles(path):
                pair = None
                for pair in self._objective.pairs(article):
                    yield pair
                if pair is None:
                    self.dropped["nothing to learn from the article"] += 1
