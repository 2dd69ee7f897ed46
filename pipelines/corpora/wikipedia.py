"""Passages of Wikipedia with an objective that makes pairs of them."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split
from pipelines.objectives import find_objective
from pipelines.text_files import require_file
from pipelines.wikipedia.manifest import read_manifest
from pipelines.wikipedia.passages import Passages
from pipelines.wikipedia.shards import read_articles


class Wikipedia(Corpus):
    """Reads the folder that `python -m pipelines wikipedia DUMP --output FOLDER` wrote.

    `objective` is a section such as {"kind": "restore"}; see pipelines/objectives.py. `sentences`,
    `words` and `characters` say how passages are cut: see Passages. "valid" and "test" are whole
    articles, set apart by the preparation. With `faulty` "drop", passages that
    the objective cannot use are left out and counted by reason in `dropped`, which starts again
    with each read of a split.
    """

    def __init__(
        self,
        folder: str,
        objective: dict,
        sentences: int = 1,
        words: int = 40,
        characters: int = 400,
        faulty: Faulty = "error",
    ):
        self._folder, self._faulty = Path(folder), faulty
        self._passages = Passages(sentences, words, characters)
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
        passages = (passage for path in paths for passage in self._cut(path))
        return keep_good(passages, self._pair, self._faulty, self.dropped)

    def _cut(self, path: Path) -> Iterator[dict]:
        """Yields the passages of a shard; one said twice in an article is said once."""
        for article in read_articles(path):
            paragraphs = map(self._passages.cut, article.paragraphs())
            for text in dict.fromkeys(itertools.chain.from_iterable(paragraphs)):
                yield {"title": article.title, "text": text, "place": str(path)}

    def _pair(self, passage: dict) -> Pair:
        try:
            source, target = self._objective(passage)
        except Fault as fault:
            raise fault.at(f"{passage['place']}, {passage['title']}") from None
        if not source or not target:
            place = f"{passage['place']}, {passage['title']}"
            raise Fault("empty text", place, "the objective leaves nothing of the passage")
        return source, target
