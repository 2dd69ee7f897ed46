"""Elements that go with their contents: notes, formulas, galleries, listings."""

import functools
import re
from collections.abc import Callable

from pipelines.wikipedia.marks import GONE, HOLE
from pipelines.wikipedia.nesting import cut_nested

Replace = Callable[[str], str]

# A note may hold anything but another note: one left open must not swallow the text up to the next.
# What holds a group may go back, or older versions of `re` lose the place of what is around it.
_NOTE = r"<ref\b[^<>]*+(?:(?<=/)>|>[^<]*+(?:<(?!/?ref\b)[^<]*+)*</ref\s*>)"
NOTE = re.compile(_NOTE, re.IGNORECASE)
ANY_NOTE = re.compile(
    rf"({_NOTE})|<ref\b[^<\n]*+(?:<(?!/?ref\b)[^<\n]*+)*|</ref\b[^<>\n]*>?", re.IGNORECASE
)
OPEN_NOTE = re.compile(r"</?ref\b", re.IGNORECASE)
ASIDES = (
    "gallery,timeline,references,imagemap,templatestyles,mapframe,maplink,graph,inputbox,"
    "categorytree,includeonly,indicator,rp,rt,style,script,section"
)
FORMULAS = "math,chem,ce,syntaxhighlight,source,pre,score,hiero"
OPEN_TABLE = re.compile(r"<table\b", re.IGNORECASE)
HTML_TABLE = re.compile(r"(<table\b[^<>]*>)|</table\s*>", re.IGNORECASE)


def remove_elements(text: str) -> str:
    """Removes notes, tables in HTML and elements that are no prose, contents included.

    A hole stands where something was that a reader would read. A note left open takes its line.

    remove_elements("Let <math>x</math> be.<ref>A book</ref>") -> f"Let {HOLE} be."
    """
    if "<" not in text:
        return text
    removed = NOTE.sub(GONE, text)
    if OPEN_NOTE.search(removed):
        removed = ANY_NOTE.sub(lambda found: GONE if found[1] else f" {HOLE}", text)
    if OPEN_TABLE.search(removed):
        removed = cut_nested(removed, HTML_TABLE, "\n\n")
    return replace_elements(removed, ELEMENTS)


def replace_elements(text: str, replace: dict[str, Replace]) -> str:
    """Replaces each named element by what its function makes of its contents.

    An element ends at the first end tag of its name; one that never ends is left as it is. Names
    are lower case, tags may be in any case, and <name/> is an element without contents.

    replace_elements("a<i>b</i>c<i/>", {"i": str.upper}) -> "aBc"
    """
    parts, position = [], 0
    endless: set[str] = set()
    for found in _opening(tuple(replace)).finditer(text):
        name = found[1].lower()
        if found.start() < position or name in endless:
            continue
        end = found if found[2] else _closing(name).search(text, found.end())
        if end is None:
            # Looking for the end of each of many would take the square of the text's length.
            endless.add(name)
            continue
        inside = "" if found[2] else text[found.end() : end.start()]
        parts += [text[position : found.start()], replace[name](inside)]
        position = end.end()
    return "".join([*parts, text[position:]]) if position else text


@functools.cache
def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    initials = "".join({name[0] for name in names})  # most tags are told by their first letter
    return re.compile(
        rf"<(?=[{initials}])({'|'.join(names)})\b[^<>/]*+(?:/(?!>)[^<>/]*+)*(/?)>", re.IGNORECASE
    )


@functools.cache
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>", re.IGNORECASE)


ELEMENTS: dict[str, Replace] = {
    **dict.fromkeys(ASIDES.split(","), lambda inside: GONE),
    **dict.fromkeys(FORMULAS.split(","), lambda inside: HOLE),
}
