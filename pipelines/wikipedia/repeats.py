"""Leaves out of an article's line what came before it in the dump, and counts what is kept."""

from typing import NamedTuple

import numpy as np

from pipelines.wikipedia.article import from_line, to_line
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.filters import ARTICLES, PARAGRAPHS
from pipelines.wikipedia.manifest import SPLITS


class Fact(NamedTuple):
    """What is known of an article beside its line: see extraction.FACTS."""

    split: int
    key: int
    paragraphs: int
    sentences: int


def without_repeats(
    line: bytes, fact: Fact, is_known: bool, repeated: np.ndarray, counts: GroupedCounts
) -> bytes:
    """Returns the line of what is kept of an article, empty if nothing is.

    is_known: an earlier article is nearly the same
    repeated [paragraphs] bool: an earlier paragraph is the same
    """
    if is_known:
        counts[ARTICLES]["nearly an earlier one"] += 1
        return b""
    if repeated.any():
        line, paragraphs, sentences = _without(line, repeated)
        counts[PARAGRAPHS]["as an earlier one"] += fact.paragraphs - paragraphs
        if not paragraphs:
            counts[ARTICLES]["all paragraphs as earlier ones"] += 1
            return b""
        fact = fact._replace(paragraphs=paragraphs, sentences=sentences)
    numbers = {"articles": 1, "paragraphs": fact.paragraphs, "sentences": fact.sentences}
    counts[SPLITS[fact.split]].update(numbers)
    return line


def _without(line: bytes, repeated: np.ndarray) -> tuple[bytes, int, int]:
    """Returns the line of the paragraphs that are not repeated, how many, and their sentences."""
    article, marks = from_line(line), iter(repeated.tolist())
    sections = [
        section._replace(paragraphs=[each for each in section.paragraphs if not next(marks)])
        for section in article.sections
    ]
    article = article._replace(sections=[section for section in sections if section.paragraphs])
    lengths = list(map(len, article.paragraphs()))
    return to_line(article), len(lengths), sum(lengths)
