"""Lines of a page to sections of paragraphs."""

import re

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.end_matter import end_matter
from pipelines.wikipedia.marks import GONE, HEAD

WRITTEN = re.compile(r"\n(=++)([^\n]++)")
BLANK = " \t\x1f" + GONE
EDGES = BLANK + "='"
# A link or a template left open before it may have lost the line feed.
MARKED = re.compile(r"\x02([1-6])([^\n]*)")
# List items, indented lines (U+001F for the space they begin with), rows of tables.
APART = re.compile(r"\n([*#:;|!\x1f][^\n]*|----[^\n]*)")
# Most of them end as no sentence does; these go without a call for each.
_ITEM = r"\n(?:[*#:;|!\x1f][^\n]*+(?<![.!?…。！？।։؟።\"'”’»)\]」』\u2060 ])|----[^\n]*+)"
UNFINISHED = re.compile(rf"{_ITEM}(?:{_ITEM})*+")
MARKS = "*#:;\x1f \t"
LEAST_WORDS = 5  # of a list item that is a sentence
LEAST_CHARACTERS = 15  # where no spaces part the words
LONGEST_NOTHING = 10
ENDS = frozenset(".!?…。！？।։؟።")
OPENING, CLOSING = "\"'“‘«„(¿¡「『\u2060", "\"'”’»)]」』\u2060"


def mark_headings(text: str, language: str) -> str:
    """Writes "== Life ==" as HEAD, its level and its title; cuts end matter out.

    Sections of notes and links go with the sections in them, so that nothing need be read there.
    """
    titles = end_matter(language)
    lead, *rest = WRITTEN.split(text)
    parts, skipped = [lead], 7
    for marks, line, body in zip(rest[::3], rest[1::3], rest[2::3]):
        title = line.strip(EDGES)
        level = min(len(marks), 6)
        if not title or line.rstrip(BLANK)[-1] != "=":
            if skipped == 7:
                parts += ["\n", marks, line, body]
            continue
        if level <= skipped:
            skipped = level if title.lower() in titles else 7
        if skipped == 7:
            parts += [f"\n{HEAD}{level}{title}", body]
    return "".join(parts)


def sections(text: str) -> list[Section[str]]:
    """Cuts clean lines into sections; one without paragraphs stays if a section in it has some.

    List items and indented lines that are sentences are paragraphs of their own; the others are
    left out, like rules and rows of tables.
    """
    text = APART.sub(_item, UNFINISHED.sub("\n\n", text))
    lead, *rest = MARKED.split(text)
    found = [Section("", 1, _paragraphs(lead))]
    for level, title, body in zip(rest[::3], rest[1::3], rest[2::3]):
        found.append(Section(title.strip(), int(level), _paragraphs(body)))
    return _filled(found)


def _filled(found: list[Section[str]]) -> list[Section[str]]:
    """Drops sections that hold nothing, themselves and in what is under them; the lead stays."""
    kept: list[Section[str]] = []
    for section in reversed(found):
        if section.paragraphs or section.level == 1 or (kept and kept[-1].level > section.level):
            kept.append(section)
    return kept[::-1]


def _paragraphs(text: str) -> list[str]:
    blocks = filter(None, map(str.strip, text.split("\n\n")))
    return [_joined(block) if "\n" in block else block for block in blocks if _is_text(block)]


def _is_text(block: str) -> bool:
    """Says whether anything is read in a block: "(HOLE)." was a formula or a table."""
    return len(block) > LONGEST_NOTHING or any(character.isalnum() for character in block)


def _joined(block: str) -> str:
    """Makes one line of the lines of a paragraph."""
    line = block.replace("\n", " ")
    return " ".join(line.split()) if "  " in line else line


def _item(found: re.Match[str]) -> str:
    item = found[1].lstrip(MARKS).rstrip()
    return f"\n\n{item}\n\n" if _is_sentence(item) else "\n\n"


def _is_sentence(item: str) -> bool:
    """Says whether a line is prose: it begins with a capital and ends as sentences end."""
    if item.rstrip(CLOSING)[-1:] not in ENDS or "ISBN" in item or "ISSN" in item or " pp. " in item:
        return False  # a book, or no sentence at all
    words = item.count(" ") + 1
    if words < LEAST_WORDS and (len(item) < LEAST_CHARACTERS or words > 2):
        return False
    first = item.lstrip(OPENING + "!")[:1]
    return (first.isalpha() and not first.islower()) or (first.isdigit() and words > LEAST_WORDS)
