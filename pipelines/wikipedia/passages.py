"""Passages: whole, clean sentences of a paragraph, alone or a few together."""

import dataclasses
import re
from collections.abc import Iterator

from pipelines.wikipedia.sentences import split_sentences

BEGINS = re.compile(r"[\"'“‘(]{0,2}[^\W\d_]")
ENDS = re.compile(r"[.!?][\"'”’)]{0,2}$")
# Markup that survived, formulas, addresses, and the character for what was left out.
RESIDUE = re.compile(
    r"[{}\[\]<>|=\\^~_*\ufffc\ufffd\u0000-\u001f\ue000-\uf8ff]|''|https?:|www\.|//"
)
DANGLING = re.compile(r"\b(?:the|an|and|or|of|than|between|at the)[.!?,;]?[\"')]*$")
PARENTHESES = re.compile(r"[()]")


@dataclasses.dataclass(frozen=True)
class Passages:
    """Cuts paragraphs into passages.

    sentences: the most sentences in a passage; they follow each other in their paragraph
    words: the most words in a sentence; longer ones are left out, as are those of fewer than 3
    characters: the most characters in a passage
    """

    sentences: int = 1
    words: int = 40
    characters: int = 400

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")

    def cut(self, paragraph: str) -> Iterator[str]:
        """Yields the passages of a paragraph; a sentence that is not clean ends a passage."""
        group: list[str] = []
        for sentence in split_sentences(paragraph):
            good = is_clean(sentence) and self._fits(sentence)
            longer = " ".join([*group, sentence])
            if group and not (good and self._more(group, longer)):
                yield " ".join(group)
                group = []
            if good:
                group.append(sentence)
        if group:
            yield " ".join(group)

    def _fits(self, sentence: str) -> bool:
        return 3 <= len(sentence.split()) <= self.words and len(sentence) <= self.characters

    def _more(self, group: list[str], longer: str) -> bool:
        return len(group) < self.sentences and len(longer) <= self.characters


def is_clean(sentence: str) -> bool:
    """Says whether a sentence is whole prose: "He left." yes; "of ( metres." no.

    It begins with a capital (or an opening mark and a capital) and ends with . ! or ?; its
    parentheses and quotation marks pair up; it holds no markup and no hole; letters prevail.
    """
    begins = BEGINS.match(sentence)
    if not begins or not sentence[begins.end() - 1].isupper() or not ENDS.search(sentence):
        return False
    if sentence.startswith("(") and not sentence.endswith(")"):
        return False  # its beginning was left out
    if RESIDUE.search(sentence) or DANGLING.search(sentence) or not _paired(sentence):
        return False
    return sum(map(str.isalpha, sentence)) >= 0.6 * (len(sentence) - sentence.count(" "))


def _paired(sentence: str) -> bool:
    if sentence.count('"') % 2 or sentence.count("“") != sentence.count("”"):
        return False
    depth = 0
    for parenthesis in PARENTHESES.findall(sentence):
        depth += 1 if parenthesis == "(" else -1
        if depth < 0:
            return False
    return depth == 0
