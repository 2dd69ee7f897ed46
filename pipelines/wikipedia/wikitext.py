"""Wikitext to clean paragraphs: https://www.mediawiki.org/wiki/Help:Formatting."""

import html
import re

from pipelines.wikipedia.elements import replace_elements
from pipelines.wikipedia.nesting import Replace, replace_nested
from pipelines.wikipedia.quotes import remove_quotes
from pipelines.wikipedia.templates import APART, HOLE, expand

# Characters of <nowiki> pass through the private use area, where no markup is looked for.
PRIVATE = 0xE000
# Entities (&, # and ;) mean there what they mean elsewhere.
HIDE = {ord(mark): chr(PRIVATE + ord(mark)) for mark in "'[]{}|<>=*:!_-/\n"}
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
ASIDES = "gallery,timeline,references,imagemap,poem,table,templatestyles,section,mapframe,graph"
FORMULAS = "math,chem,ce,code,syntaxhighlight,source,pre,score,hiero,tt,kbd,samp,var"
ORDINAL = re.compile(r"st|nd|rd|th", re.IGNORECASE)
SPACED_APART = re.compile(rf"[ \t]*{APART}[ \t]*")
BREAK = re.compile(r"</?(?:p|div|blockquote|center|ul|ol|li|dl|h\d)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")

INDENTED_TABLE = re.compile(r"\n[ \t]+(?=\{\||\|\})")
BRACES = re.compile(r"(\{\{|\}\}|(?<=\n)\{\||(?<=\n)\|\}(?!\}))")
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
    text = replace_elements(text, ELEMENTS)
    text = _replace_braces(text)
    text = _replace_links(text)
    text = ADDRESS.sub(HOLE, EXTERNAL.sub(lambda found: found[1].strip(), text))
    text = TAG.sub(_tag, SWITCH.sub("", BREAK.sub(APART, text)))
    text = SPACED_APART.sub("\n\n", text)
    return [tidy(block) for block in _blocks(text, skip)]


def tidy(text: str) -> str:
    """Mends what left-out markup leaves: "Albedo ( , ) is" -> "Albedo is"."""
    text = " ".join(html.unescape(text).translate(SHOW).split())
    text = re.sub(r"[\u00ad\u200b-\u200f\u202a-\u202e\ufeff]", "", text)
    while True:
        # From the inside out: a parenthesis with a hole, or with nothing but separators, goes.
        shorter = re.sub(r"\s*\((?:[^()]*\ufffc[^()]*|[\s,;:/–-]*)\)", "", text)
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"\(\s*(?:[,;:]\s*)?", "(", text)
    text = re.sub(r"\s*[,;:]?\s*\)", ")", text)
    text = re.sub(r"\s+([,;:.!?])(?=\s|$)", r"\1", text)
    text = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text)
    text = re.sub(r"(?<!\.)[,.]\.(?!\.)", ".", text)
    # A note without a space after it stood here: "south.<ref/>Southern".
    text = re.sub(r"(?<=[a-z]{3})([.,])(?=[A-Z][a-z])", r"\1 ", text)
    return " ".join(text.split())


def _raised(inside: str) -> str:
    """Returns what <sup> leaves: "5th" reads on, "10 to the fifth" cannot be told from "105"."""
    return inside.strip() if ORDINAL.fullmatch(inside.strip()) else HOLE


def _tag(found: re.Match[str]) -> str:
    return " " if found[0].lower().startswith("<br") else ""


def _replace_braces(text: str) -> str:
    """Expands templates and leaves out tables, nested as they come."""
    replace: dict[str, tuple[str, Replace]] = {
        "{{": ("}}", _template),
        "{|": ("|}", lambda inside: ""),
    }
    text = INDENTED_TABLE.sub("\n", "\n" + text)
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


ELEMENTS: dict[str, Replace] = {
    **dict.fromkeys(ASIDES.split(","), lambda inside: ""),
    **dict.fromkeys(FORMULAS.split(","), lambda inside: HOLE),
    "sup": _raised,
}
