"""Rules that tell prose from what is none, each with the reason that a manifest counts."""

import dataclasses
import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Literal

from pipelines.wikipedia.block_list import BlockList
from pipelines.wikipedia.other_language import other_language
from pipelines.wikipedia.words import count_words

LETTER, LETTERS = re.compile(r"[^\W\d_]"), re.compile(r"[^\W\d_]+")


@dataclasses.dataclass(frozen=True)
class Quality:
    """Says what is good enough to keep; by default all that has letters.

    Of a sentence:
    least_words, most_words, most_characters: bounds, 0 is none
    letters: least share of letters among the characters that are no space; some letter it has

    Of a paragraph:
    paragraph_words: least number
    repeated_words: largest share of its characters that its most frequent pair of words may have,
        for example 0.2; asked of paragraphs of 20 words or more
    identify: whether one of 200 bytes or more that is surely in another language is left out

    Of an article:
    article_words: least number
    repeated_sentences: largest share of its characters in sentences that it has said before, for
        example 0.2

    Of any:
    blocked: words and phrases; capitals do not matter, and words count only as a whole
    block: what goes if one is found: the sentence, the paragraph or the article

    The shares are those of Rae et al. (2021), "Scaling language models" (Gopher), A1.1.
    """

    least_words: int = 0
    most_words: int = 0
    most_characters: int = 0
    letters: float = 0.0
    paragraph_words: int = 0
    repeated_words: float = 1.0
    identify: bool = False
    article_words: int = 0
    repeated_sentences: float = 1.0
    blocked: list[str] = dataclasses.field(default_factory=list)
    block: Literal["sentence", "paragraph", "article"] = "sentence"

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if name in ("blocked", "block", "identify"):
                continue
            if value < 0 or (isinstance(value, float) and value > 1):
                wanted = "a share, 0 to 1" if isinstance(value, float) else "0 or more"
                raise ValueError(f"{name} is {wanted}, not {value}")
        BlockList(self.blocked)  # raises for a phrase that is none

    def sentence(self, sentence: str) -> str | None:
        """Returns why a sentence is left out, None if it is kept."""
        if not (sentence[:1].isalpha() or LETTER.search(sentence)):
            return "without letters"
        if self.most_characters and len(sentence) > self.most_characters:
            return "too many characters"
        if self.least_words or self.most_words:
            words = count_words(sentence)
            if words < self.least_words:
                return "too few words"
            if 0 < self.most_words < words:
                return "too many words"
        if self.letters and _letters(sentence) < self.letters:
            return "too few letters"
        return self._blocked("sentence", [sentence]) if self.blocked else None

    def paragraph(self, sentences: list[str], language: str) -> str | None:
        """Returns why a paragraph of an article in `language` is left out, None if it is kept."""
        if self.paragraph_words and sum(map(count_words, sentences)) < self.paragraph_words:
            return "too few words"
        if self.repeated_words < 1 and _largest_pair(sentences) > self.repeated_words:
            return "repeated words"
        if self.identify and other_language(" ".join(sentences), language):
            return "in another language"
        return self._blocked("paragraph", sentences)

    def article(self, paragraphs: list[list[str]]) -> str | None:
        """Returns why an article is left out, None if it is kept."""
        if not paragraphs:
            return "without prose"
        sentences = [sentence for paragraph in paragraphs for sentence in paragraph]
        if self.article_words and sum(map(count_words, sentences)) < self.article_words:
            return "too few words"
        if self.repeated_sentences < 1 and _repeated(sentences) > self.repeated_sentences:
            return "repeated sentences"
        return self._blocked("article", sentences)

    def _blocked(self, place: str, sentences: list[str]) -> str | None:
        if place == self.block and self.blocked and any(map(self._block_list.finds, sentences)):
            return "blocked"
        return None

    @cached_property
    def _block_list(self) -> BlockList:
        return BlockList(self.blocked)


def _letters(sentence: str) -> float:
    return sum(map(len, LETTERS.findall(sentence))) / (len(sentence) - sentence.count(" "))


def _largest_pair(sentences: list[str]) -> float:
    """Returns the share of the characters that the most frequent pair of words has."""
    words = " ".join(sentences).lower().split()
    if len(words) < 20:
        return 0
    pairs = Counter(zip(words, words[1:]))
    pair, count = max(pairs.items(), key=lambda item: item[1] * len("".join(item[0])))
    return count * len("".join(pair)) / len("".join(words)) if count > 1 else 0


def _repeated(sentences: list[str]) -> float:
    once = sum(map(len, set(sentences)))
    return 1 - once / sum(map(len, sentences))


def read_block_list(path: Path) -> list[str]:
    """Reads a word or phrase a line; empty lines and those that begin with # are comments.

    Raises:
        ValueError: the file holds none.
    """
    lines = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    phrases = [line for line in lines if line and not line.startswith("#")]
    if not phrases:
        raise ValueError(f"{path} holds no words: a block list has a word or phrase a line")
    return phrases
