"""Splits text of any language into sentences: the library sentencex, and what it gets wrong."""

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from sentencex import segment

from pipelines.wikipedia.abbreviations import ABBREVIATIONS

JOINER = "\u2060"  # U+2060 WORD JOINER after the mark of a title: "Yahoo!\u2060 is" goes on
# sentencex takes time that grows with the square of a text's length, or worse: 80,000 unpaired
# quotation marks take a minute. Paragraphs are rarely longer than this.
LONGEST = 4000
WINDOW = f".{{1,{LONGEST}}}"
PIECE = re.compile(rf"{WINDOW}(?<=[^\W\d_]{{4}}[.!?]\s)|{WINDOW}(?<=\s)|{WINDOW}", re.DOTALL)
# These compile a pattern at each mark: 0.6 to 8 MB/s, where others take 100. Another language cuts
# the text; whether a word is an abbreviation is asked once a word.
SLOW = {"ca": "es", "da": "de", "it": "es", "jut": "de", "kl": "de", "oc": "es"} | dict.fromkeys(
    "aae co egl eml fur lij lld lmo nap pms rgn roa-tara scn sdc sro vec".split(), "es"
)
# Ordinals are written with a full stop: "der 2. Weltkrieg", "Ludwig XIV. starb".
ORDINALS = frozenset(
    "bar bs cs da de dsb et eu fi fo frr gsw hr hsb hu is ksh lb lv nb nds nn no pl sh sk sl sr "
    "sv".split()
)
# After an initial, "p.m." or a title only these are taken for the beginning of a sentence.
STARTERS = frozenset(
    "The A An In On At As By For From He She It They We I This That These Those There Their His "
    "Her Its But And Or So Yet If When While Although Though However After Before During Since "
    "Because Many Some Most Several Both Each Other Another One Two Three Such With Without Under "
    "Until To According Also Among Despite Following Later Thus Then Today What Who".split()
)
OPENING, CLOSING = "\"'“‘„«‹(\\[¡¿", "\"'”’“»›)\\]」』》〉】）"
# As good as a boundary can be: a word of four letters and its mark, a space; then a capital.
SURE = re.compile(r"[^\W\d_]{4}[.!?]\s+\Z")
SURE_OF_ANY = re.compile(r"[^\W\d_]{6}[.!?]\s+\Z")  # abbreviations are shorter
MARKS = ".!?…։؟۔।॥።፧។៕။།༎。！？｡︒‼⁇⁈⁉"
ENDED = re.compile(rf"[{MARKS}][{CLOSING}{JOINER}]*\s*\Z")
# Without a space after it, only a mark of these scripts ends a sentence: "a.C." goes on.
UNSPACED = re.compile(r"[。！？｡︒」』》〉】）།༎។။][\"'”’)」』》〉】）]*\Z")
GOES_ON = re.compile(rf"[,;:)%…]|(?<=[」』])[とっのはをにがでもやへ]|[{OPENING}{JOINER}]*\s*(\w)")
STARTS = re.compile(rf"[{OPENING}{JOINER}]*\s*(\w+)")
# Marks on the wrong side of a boundary: 'He left. " | She stayed."' and '"He left. | " She'.
LEFT_BEHIND = re.compile(r"(?<=\s)[\"“‘(\[«„]+\s*\Z")
RUN_AHEAD = re.compile(rf"[\"”»)\]{JOINER}]+(?:\s+|\Z)")
ASIDE = re.compile(r"\([^()]*[.!?]\)\s+")  # a sentence in parentheses
INITIAL = re.compile(r"(?:\A|[^\w.])(?:[^\W\d_]|[^\W\d_]\.-?[^\W\d_])\.\s*\Z")
ENUMERATION = re.compile(r"(?:\A|[,;:] |\d\. .*\b(?:and|or) )\(?\d{1,2}\.\s*\Z")
ORDINAL = re.compile(r"\b(?:\d{1,3}|[IVXLC]+)\.\s*\Z")
LAST_WORD = re.compile(r"[^\W\d_]+\Z")


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Splits a paragraph: "He met Dr. Hu. They left." -> ["He met Dr. Hu.", "They left."].

    `language` is the code of a Wikipedia. Where its abbreviations are not known, those of English
    hold; the marks that end sentences are known for all scripts. Nothing but space between
    sentences is lost, and the JOINERs: `join_sentences` gives the paragraph back.
    """
    sentences, start = [], 0
    is_sure = _certainty(language)
    for end in _boundaries(text, language):
        if end <= start or end == len(text):
            continue  # a mark that had run ahead took it along
        if not (text[end].isupper() and is_sure(text, end)):
            end = _mend(text, start, end, language)
        if end > start:
            sentences.append(text[start:end].strip())
            start = end
    sentences.append(text[start:].strip())
    if JOINER in text:
        sentences = [sentence.replace(JOINER, "").strip() for sentence in sentences]
    return [sentence for sentence in sentences if sentence]


def join_sentences(sentences: list[str]) -> str:
    """Joins sentences as their script does: ["He left.", "Why?"] -> "He left. Why?"."""
    parts: list[str] = []
    for sentence in sentences:
        if parts and not UNSPACED.search(parts[-1][-4:]):
            parts.append(" ")
        parts.append(sentence)
    return "".join(parts)


def _certainty(language: str) -> Callable[[str, int], bool]:
    """Returns what says whether a boundary before a capital needs no mending."""
    if language in SLOW:
        return functools.partial(_is_behind_letters, 6, SURE_OF_ANY)
    if language in ORDINALS:
        return functools.partial(_is_behind_letters, 4, SURE)
    return _is_behind_no_abbreviation


def _is_behind_no_abbreviation(text: str, end: int) -> bool:
    """Says whether a mark and a space end here, and no initial, "p.m." or number of a list."""
    mark = end - 2
    if mark < 2 or text[mark] not in ".!?" or text[mark + 1] != " ":
        return False
    before = text[mark - 2 : mark]
    if before[1].isalnum():
        return before.isalpha() or text[max(0, mark - 3) : mark].isdigit() and mark > 2
    return before[1] != JOINER


def _is_behind_letters(count: int, sure: re.Pattern[str], text: str, end: int) -> bool:
    """Says whether so many letters, a mark and space end here."""
    mark = end - 2
    if mark >= count and text[mark] in ".!?" and text[mark + 1] == " ":
        if text[mark - count : mark].isalpha():
            return True  # most are known without the expression
    return sure.search(text, max(0, end - 8), end) is not None


def _boundaries(text: str, language: str) -> Iterable[int]:
    """Returns where sentences begin, the first one's place left out, as sentencex has them."""
    language = SLOW.get(language, language)
    if len(text) > LONGEST:
        parts = [part for piece in PIECE.findall(text) for part in segment(language, piece)]
    else:
        parts = segment(language, text)
    ends = itertools.accumulate(map(len, parts))
    return _with_asides(parts, ends) if "(" in text else ends


def _with_asides(parts: list[str], ends: Iterable[int]) -> Iterator[int]:
    """Yields the ends, and where what follows a sentence in parentheses begins."""
    for part, end in zip(parts, ends):
        if part[0] == "(" and (aside := ASIDE.match(part)):
            yield end - len(part) + aside.end()
        yield end


def _mend(text: str, start: int, end: int, language: str) -> int:
    """Returns where the sentence from `start` ends, at or near `end`; -1 if it goes on."""
    behind = LEFT_BEHIND.search(text, max(start, end - 8), end)
    if behind:
        end = behind.start()
    ahead = RUN_AHEAD.match(text, end)
    if ahead and not behind:
        end = ahead.end()
    if end == len(text) or "\n\n" in text[end - 2 : end + 2]:
        return end
    if not ENDED.search(text, max(start, end - 8), end):
        return -1
    if not text[end - 1].isspace() and not UNSPACED.search(text, max(start, end - 4), end):
        return -1
    after = GOES_ON.match(text, end)
    if after and (not after[1] or after[1].islower()):
        return -1
    if JOINER in text[end - 3 : end + 1] or _abbreviated(text, start, end, language):
        return end if language == "en" and _begins(text, end) else -1
    return end


def _abbreviated(text: str, start: int, end: int, language: str) -> bool:
    """Says whether the full stop before `end` may be an abbreviation's, and no sentence's."""
    start = max(start, end - 40)
    before, stop, after = text[start:end].rpartition(".")
    if not stop or (after and not after.isspace()):
        return False
    # Behind two letters there is neither an initial nor a number.
    if not before[-2:].isalpha() or len(before) < 2:
        if INITIAL.search(text, start, end) or ENUMERATION.search(text, start, end):
            return True
    if language in ORDINALS and ORDINAL.search(text, start, end):
        return True
    if language not in SLOW:
        return False
    word = before.rpartition(" ")[2]
    if not word.isalpha():
        word = found[0] if (found := LAST_WORD.search(word)) else ""
    return word != "" and _is_abbreviation(word, language)


def _is_abbreviation(word: str, language: str) -> bool:
    known = ABBREVIATIONS.get(language)
    return word.lower() in known if known and len(word) > 1 else _is_taken_for_one(word, language)


@functools.lru_cache(maxsize=100_000)
def _is_taken_for_one(word: str, language: str) -> bool:
    return len(segment(language, f"Then {word}. Then")) == 1


def _begins(text: str, end: int) -> bool:
    """Says whether a word that often begins a sentence stands at `end`, and no initial."""
    word = STARTS.match(text, end)
    if word is None or word[1] not in STARTERS:
        return False
    return not text.startswith(("A.", "I."), word.start(1))
