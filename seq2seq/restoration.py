"""Scores for restored text: are words that were found written in the right case and punctuated?"""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Word(NamedTuple):
    """The letters of a word, and how often each (letters before it, mark) is found in it.

    '"Ab-c!"' -> letters "Abc", marks {(0, '"'): 1, (2, "-"): 1, (3, "!"): 1, (3, '"'): 1}
    """

    letters: str
    marks: Counter


def case_accuracy(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """Returns the percentage of aligned words (equal but for case) that have the right case, too.

    "the Cat" for "The cat sat." has two aligned words, both wrong: 0.0. So has what aligns nowhere.
    """
    right = aligned = 0
    for hypothesis, reference in zip(hypotheses, references):
        for found, wanted in _aligned(words(hypothesis), words(reference)):
            aligned += 1
            right += found.letters == wanted.letters
    return 100 * right / aligned if aligned else 0.0


def punctuation_f1(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """Returns the F1 of punctuation marks, as a percentage; a hit has its place in an aligned word.

    "Yes no." for "Yes, no." hits 1 of 1 mark found and of 2 wanted: 66.7. No marks at all: 100.0.
    """
    hits = total = 0
    for hypothesis, reference in zip(hypotheses, references):
        found, wanted = words(hypothesis), words(reference)
        total += sum(word.marks.total() for word in [*found, *wanted])
        hits += sum((one.marks & other.marks).total() for one, other in _aligned(found, wanted))
    return 200 * hits / total if total else 100.0


def words(text: str) -> list[Word]:
    """Splits text at white space; marks that stand alone belong to the word before them."""
    found: list[Word] = []
    loose = Counter[tuple[int, str]]()
    for piece in text.split():
        letters, marks = "", Counter[tuple[int, str]]()
        for character in piece:
            if unicodedata.category(character)[0] in "LMN":
                letters += character
            else:
                marks[len(letters), character] += 1
        if letters:
            found.append(Word(letters, marks + loose))
            loose.clear()
        elif found:
            end = len(found[-1].letters)
            found[-1].marks.update({(end, mark): count for (_, mark), count in marks.items()})
        else:
            loose += marks
    return found or ([Word("", loose)] if loose else [])


def _aligned(found: list[Word], wanted: list[Word]) -> Iterator[tuple[Word, Word]]:
    """Pairs the words of the longest runs that two texts have in common, whatever their case."""
    one, other = ([word.letters.casefold() for word in side] for side in (found, wanted))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for block in matcher.get_matching_blocks():
        yield from zip(found[block.a :][: block.size], wanted[block.b :][: block.size])
