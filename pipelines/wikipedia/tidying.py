"""Mends what left-out markup leaves, and makes every character that is no text a hole."""

import re
from html import unescape

from pipelines.wikipedia.marks import GONE, HOLE

# A name without the semicolon is text for MediaWiki: "AT&T", "R&D".
ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
SPACES = "\t\xa0\u2002\u2003\u2009\u200a\u202f\u2028\u2029\r"
# Hyphens and directions that are not seen; U+200C and U+200D shape letters, and stay.
UNSEEN = "\xad\u200b\u200e\u200f\ufeff\u202a\u202b\u202c"
# With a hole in it, or with nothing but separators.
EMPTY = re.compile(r"\((?:[^()\ufffc\n]*+\ufffc[^()\n]*+|[\x01 ,;:/–-]*+)\)")
NESTED = 4  # parentheses in parentheses that are emptied from the inside out
OPENED = re.compile(r"\([ ,;:]+")
# Each begins with a character that `re` looks for at the speed of memory.
STOPPED = re.compile(r"\.\.(?<!\.\.\.)(?!\.)")
# A note without a space after it stood here: "south.<ref/>Southern".
JOINED = re.compile(r"\x01(?<=[a-z]{3}[.,]\x01)(?=[A-Z][a-z])")
# Each match takes all there is of gaps and spaces: a run of them is never looked at twice.
GAPS = re.compile(r"\x01\x01++")
SPACED_GAPS = re.compile(r"\x01 [\x01 ]*+")
# What follows decides whether a space stays; a second separator goes.
SEPARATED = re.compile(r"\x01(?<=[,;:(]\x01) ?[,;:][\x01 ,;:]*+")
CLOSED = re.compile(r"\x01 ?(?=[,.;:!?)\n])")
SEAM = re.compile(r"\x01(?<=[][{}=_|<'-]\x01)")  # two halves of a mark may meet here
COMMA = re.compile(r",[\x01 ]*+\)")
SEMICOLON = re.compile(r";[\x01 ]*+\)")
# Marks that are residue, each with a character to look for first, which is faster. Their order
# matters where two overlap: "-{{" and "}}-".
RESIDUE = [
    (first, re.compile(mark))
    for first, mark in (
        ("{", r"-\{"),
        ("{", r"\{\{+"),
        ("}", r"}}+"),
        ("}", r"}-"),
        ("[", r"\[\[+"),
        ("]", r"]]+"),
        ("=", r"==+"),
        ("_", r"__+"),
        ("|", r"\|+"),
        ("<", r"<(?=[/!?a-zA-Z])"),
        ("''", r"''+"),
    )
]


def unescape_entities(text: str) -> str:
    """Writes entities as characters: "a&nbsp;&lt; b" -> "a < b"."""
    if "&" not in text:
        return text
    return ENTITY.sub(lambda found: unescape(found[0]), text.replace("&nbsp;", " "))


def tidy(text: str) -> str:
    """Mends spaces, separators and parentheses: "Albedo ( , ) is" -> "Albedo is".

    Every mark of wikitext that is still there becomes a hole.
    """
    for space in SPACES:
        text = text.replace(space, " ")
    for unseen in UNSEEN:
        if unseen in text:
            text = text.replace(unseen, "")
    text = _without_markup(text)
    for _ in range(NESTED):
        text, emptied = EMPTY.subn(GONE, text)
        if not emptied:
            break
    if GONE in text:
        text = _close_gaps(text)
    return STOPPED.sub(".", _single_spaces(OPENED.sub("(", text)))


def _single_spaces(text: str) -> str:
    """Makes one of several spaces; `re` would stop at every single one."""
    first, *parts = text.split("  ")
    if not parts:
        return text
    *inner, last = [part.lstrip(" ") for part in parts]
    return " ".join([first, *filter(None, inner), last])


def _close_gaps(text: str) -> str:
    """Mends the spaces and separators around what is gone."""
    # Moved behind the gap, the space is found by the gap: `re` need not stop at every space.
    text = text.replace(" \x01", "\x01 ")
    text = SPACED_GAPS.sub("\x01 ", GAPS.sub(GONE, text))
    text = SEPARATED.sub(" ", SEMICOLON.sub(")", COMMA.sub(")", text)))
    text = JOINED.sub(" ", CLOSED.sub("", text))
    seam = SEAM.search(text)
    text = text.replace(GONE, "")
    return _without_markup(text) if seam else text


def _without_markup(text: str) -> str:
    """Makes holes of what looks like markup, if a page has any: most have none."""
    for first, mark in RESIDUE:
        if first in text:
            text = mark.sub(HOLE, text)
    return text
