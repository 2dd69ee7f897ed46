"""Passages: whole, clean sentences of a paragraph, alone or a few together."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from pipelines.wikipedia.sentences import CLOSING, MARKS, OPENING, join_sentences
from pipelines.wikipedia.words import count_words

BEGINS = re.compile(rf"[{OPENING}「『《〈（]{{0,2}}([^\W\d_])")
ENDS = re.compile(rf"[{MARKS}][{CLOSING}]{{0,2}}$")
# Markup that survived, formulas, addresses, and the character for what was left out.
RESIDUE = re.compile(
    r"[{}\[\]<>|=\\^~_*\ufffc\ufffd\u0000-\u001f\ue000-\uf8ff]|''|https?:|www\.|//"
)
DANGLING = re.compile(r"\b(?:the|an|and|at the|of the)[.!?,;]?[\"')]*$")
# Counted instead of letters: vowel signs of Indian scripts are none to Python.
NO_LETTER = re.compile(r"[!-@[-`{-\u00bf\u2010-\u20ff\u2190-\u2bff\u3000-\u303f\uff00-\uff20]")
BRACKETS = re.compile(r"[()（）「」『』《》]")
CLOSES = dict(zip(")）」』》", "(（「『《"))


@dataclasses.dataclass(frozen=True)
class Passages:
    """Puts sentences of a paragraph together to passages.

    sentences: the most sentences in a passage; they follow each other in their paragraph
    words: the most words in a sentence; longer ones are left out, as are those of fewer than 3
    characters: the most characters in a passage

    Of scripts without spaces, two characters count as a word.
    """

    sentences: int = 1
    words: int = 40
    characters: int = 400

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")

    def cut(self, sentences: Iterable[str]) -> Iterator[str]:
        """Yields the passages of a paragraph; a sentence that is not clean ends a passage."""
        return map(join_sentences, self.groups(sentences))

    def groups(self, sentences: Iterable[str]) -> Iterator[list[str]]:
        """Yields the sentences of each passage that `cut` yields."""
        group: list[str] = []
        for sentence in sentences:
            good = self._fits(sentence) and is_clean(sentence)
            if group and not (good and self._more(group, sentence)):
                yield group
                group = []
            if good:
                group.append(sentence)
        if group:
            yield group

    def beginning(self, sentences: Iterable[str]) -> str:
        """Joins the first clean sentences, as many as a passage may have; others are left out."""
        group: list[str] = []
        for sentence in sentences:
            if self._fits(sentence) and is_clean(sentence):
                if group and not self._more(group, sentence):
                    break
                group.append(sentence)
        return join_sentences(group)

    def _more(self, group: list[str], sentence: str) -> bool:
        length = sum(map(len, group)) + len(group) + len(sentence)
        return len(group) < self.sentences and length <= self.characters

    def _fits(self, sentence: str) -> bool:
        return len(sentence) <= self.characters and 3 <= count_words(sentence) <= self.words


def is_clean(sentence: str) -> bool:
    """Says whether a sentence is whole prose: "He left." yes; "of ( metres." no.

    It begins with a letter that is not a small one, perhaps after an opening mark, and ends with
    a mark that ends sentences; its parentheses and quotation marks pair up; it holds no markup and
    no hole; letters prevail.
    """
    begins = BEGINS.match(sentence)
    if not begins or begins[1].islower() or not ENDS.search(sentence):
        return False
    if sentence.startswith("(") and not sentence.endswith(")"):
        return False  # its beginning was left out
    if RESIDUE.search(sentence) or DANGLING.search(sentence) or not _paired(sentence):
        return False
    solid = len(sentence) - sentence.count(" ")
    return len(NO_LETTER.findall(sentence)) <= 0.4 * solid


def _paired(sentence: str) -> bool:
    """Says whether brackets close as they open, and each quotation mark has its partner."""
    if sentence.count('"') % 2 or sentence.count("«") != sentence.count("»"):
        return False
    if not sentence.isascii() and not _quotes_paired(sentence):
        return False
    stack = []
    for bracket in BRACKETS.findall(sentence):
        if bracket not in CLOSES:
            stack.append(bracket)
        elif not stack or stack.pop() != CLOSES[bracket]:
            return False
    return not stack


def _quotes_paired(sentence: str) -> bool:
    """Knows “English”, „German“, „Polish” and ”Swedish”."""
    low, left, right = map(sentence.count, "„“”")
    if low:
        return low == left + right
    return left == right if left else right % 2 == 0
