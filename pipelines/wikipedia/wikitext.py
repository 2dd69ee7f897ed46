"""Wikitext to clean paragraphs: https://www.mediawiki.org/wiki/Help:Formatting."""

import html
import re

from pipelines.wikipedia.nesting import Replace, replace_nested
from pipelines.wikipedia.quotes import remove_quotes
from pipelines.wikipedia.templates import HOLE, expand

# Characters of <nowiki> pass through the private use area, where no markup is looked for.
PRIVATE = 0xE000
HIDE = {code: chr(PRIVATE + code) for code in range(128) if not chr(code).isalnum()}
SHOW = {PRIVATE + code: chr(code) for code in HIDE}
HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<nowiki\s*/>|<nowiki\b[^<>]*>(?P<plain>.*?)</nowiki\s*>",
    re.DOTALL | re.IGNORECASE,
)
# A note may hold anything but another note: one left open must not swallow the text up to the next.
NOTE = re.compile(
    r"<ref\b[^<>]*/>|<ref\b[^<>]*>[^<]*(?:<(?!/?ref\b)[^<]*)*</ref\s*>", re.IGNORECASE
)
OPEN_NOTE = re.compile(r"</?ref\b[^\n]*", re.IGNORECASE)
ASIDE = re.compile(
    r"<(gallery|timeline|references|imagemap|poem|table|templatestyles|section|mapframe|graph)\b"
    r"(?:[^<>]*/>|[^<>]*>.*?</\1\s*>)",
    re.DOTALL | re.IGNORECASE,
)
FORMULA = re.compile(
    r"<(math|chem|ce|code|syntaxhighlight|source|pre|score|hiero|sup|tt|kbd|samp|var)\b"
    r"(?:[^<>]*/>|[^<>]*>(.*?)</\1\s*>)",
    re.DOTALL | re.IGNORECASE,
)
ORDINAL = re.compile(r"st|nd|rd|th", re.IGNORECASE)
BREAK = re.compile(r"</?(?:p|div|blockquote|center|ul|ol|li|dl|h\d)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")

BRACES = re.compile(r"(\{\{|\}\}|(?:(?<=\n)|\A)[ \t]*\{\||(?:(?<=\n)|\A)[ \t]*\|\}(?!\}))")
UNKNOWN = "\ufffb"  # an unknown template, until its place tells a note or a box from a hole
BESIDE_TEXT = re.compile(
    # A box: alone on its line or before a first word. A note: after a word, without a space.
    r"^[ \t]*\ufffb[\ufffb \t]*(?=$|['\"\[]*[A-Z])"
    r"|(?<=[^\W\d_]|[.,;:!?\"')\]])\ufffb+(?=[\s.,;:)]|\Z)",
    re.MULTILINE,
)
LINKS = re.compile(r"(\[\[|\]\])")
EXTERNAL = re.compile(r"\[(?:https?:|ftp:|mailto:|//)[^\s\]]*([^\[\]\n]*)\]", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?|ftp)://\S+")
SWITCH = re.compile(r"__[A-Z]+__")
MEDIA = re.compile(r"\s*(?:file|image|media|category)\s*:", re.IGNORECASE)
LANGUAGE = re.compile(r"\s*[a-z]{2,3}(?:-[a-z-]+)?\s*:(?! )")

HEADING = re.compile(r"\s*(={1,6})\s*(.+?)\s*\1\s*$")
NOT_PROSE = re.compile(r"[*#:;|!]|[ \t]+\S|-{4}")
END_MATTER = frozenset(
    "see also,references,external links,further reading,notes,bibliography,sources,footnotes,"
    "citations,notes and references,references and notes,works cited,gallery,publications,"
    "discography,filmography,selected bibliography,selected works,works".split(",")
)


def paragraphs(wikitext: str, skip: frozenset[str] = END_MATTER) -> list[str]:
    """Returns the running text of a page, a paragraph a string; lists and tables are left out.

    Where something is left out that a reader would read aloud (a formula, a template whose text
    cannot be known), HOLE stands, so that the sentence can be told from a whole one. Sections
    whose heading, in lower case, is in `skip` are left out, with the sections inside them.
    """
    text = HIDDEN.sub(lambda found: (found["plain"] or "").translate(HIDE), wikitext)
    text = OPEN_NOTE.sub(HOLE, NOTE.sub("", text))
    text = FORMULA.sub(_formula, ASIDE.sub("", text))
    text = _replace_braces(text)
    text = _replace_links(text)
    text = ADDRESS.sub(HOLE, EXTERNAL.sub(lambda found: found[1].strip(), text))
    text = TAG.sub(_tag, SWITCH.sub("", BREAK.sub("\n\n", text)))
    return [tidy(block) for block in _blocks(text, skip)]


def tidy(text: str) -> str:
    """Mends what left-out markup leaves: "Albedo ( , ) is" -> "Albedo is"."""
    text = html.unescape(text).translate(SHOW)
    text = re.sub(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]", "", text)
    text = text.replace("\u2212", "-")
    while True:
        # From the inside out: a parenthesis with a hole, or with nothing but separators, goes.
        shorter = re.sub(r"\s*\((?:[^()]*\ufffc[^()]*|[\s,;:/–-]*)\)", "", text)
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"\(\s*[,;:]\s*", "(", text)
    text = re.sub(r"\s*[,;:]?\s*\)", ")", text)
    text = re.sub(r"\s+([,;:.!?])(?=\s|$)", r"\1", text)
    text = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text)
    text = re.sub(r",\.", ".", text)
    return " ".join(text.split())


def _formula(found: re.Match[str]) -> str:
    inside = (found[2] or "").strip()
    if found[1].lower() == "sup" and ORDINAL.fullmatch(inside):
        return inside
    return HOLE


def _tag(found: re.Match[str]) -> str:
    return " " if found[0].lower().startswith("<br") else ""


def _replace_braces(text: str) -> str:
    """Expands templates and leaves out tables, nested as they come."""
    replace: dict[str, tuple[str, Replace]] = {
        "{{": ("}}", _template),
        "{|": ("|}", lambda inside: ""),
    }
    text = replace_nested(text, BRACES, replace, unclosed=HOLE)
    text = BESIDE_TEXT.sub("", text)
    return text.replace(UNKNOWN, HOLE)


def _template(inside: str) -> str:
    shown = expand(inside)
    return UNKNOWN if shown == HOLE and HOLE not in inside else shown


def _replace_links(text: str) -> str:
    return replace_nested(text, LINKS, {"[[": ("]]", _link)}, unclosed=HOLE)


def _link(inside: str) -> str:
    """Returns what a link shows: "Target|shown" -> "shown"; nothing for files and categories."""
    if MEDIA.match(inside):
        return ""
    target, bar, shown = inside.partition("|")
    if bar:
        return shown.rpartition("|")[2] if shown.strip() else target.partition("(")[0].strip()
    if LANGUAGE.match(target):
        return ""
    return target.removeprefix(":")


def _blocks(text: str, skip: frozenset[str]) -> list[str]:
    """Joins lines to paragraphs; headings, lists and skipped sections go."""
    blocks: list[list[str]] = [[]]
    skipped = 7
    for line in text.split("\n"):
        heading = HEADING.match(line)
        if heading:
            level = len(heading[1])
            if level <= skipped:
                skipped = level if heading[2].strip("' ").lower() in skip else 7
        if heading or not line.strip() or NOT_PROSE.match(line):
            blocks.append([])
        elif skipped == 7:
            blocks[-1].append(remove_quotes(line))
    return [" ".join(lines) for lines in blocks if lines]
