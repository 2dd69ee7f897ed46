"""Words of any language, to be counted."""

import functools
import itertools
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

# Characters of scripts that put no space between words, each of which counts as one: Thai, Lao,
# Tibetan, Burmese, Khmer, kana, Han.
ALONE = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)


class WordCounts(NamedTuple):
    """How often words stand in so many training pairs."""

    source: Counter
    target: Counter
    pairs: int


def words(text: str) -> list[str]:
    """Splits text into words, whatever their case, and marks.

    "Don't stop, Anna-Lena!" -> ["don't", "stop", ",", "anna-lena", "!"]
    """
    return _pattern().findall(text.casefold())


def is_word(word: str) -> bool:
    """Tells words and numbers from marks."""
    return any(character.isalnum() for character in word)


def count_words(pairs: Iterable[tuple[str, str]], most: int) -> WordCounts:
    """Counts the words of both sides, of at most so many pairs."""
    counts = WordCounts(Counter(), Counter(), 0)
    for source, target in itertools.islice(pairs, most):
        counts.source.update(words(source))
        counts.target.update(words(target))
        counts = counts._replace(pairs=counts.pairs + 1)
    return counts


@functools.cache
def _pattern() -> re.Pattern:
    letter = rf"[\w{_marks()}]"
    joined = rf"(?:(?![{ALONE}]){letter})+"
    return re.compile(rf"[{ALONE}]|{joined}(?:['’-]{joined})*|\S")


def _marks() -> str:
    """Ranges of the characters that combine with letters, which \\w leaves out."""
    every = (
        code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
    )
    runs = itertools.groupby(enumerate(every), lambda pair: pair[1] - pair[0])
    ends = ([code for _, code in run] for _, run in runs)
    return "".join(f"{re.escape(chr(run[0]))}-{re.escape(chr(run[-1]))}" for run in ends)
