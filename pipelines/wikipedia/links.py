"""Links in all their forms: https://www.mediawiki.org/wiki/Help:Links."""

import functools
import re
from collections.abc import Callable

from pipelines.wikipedia.languages import LANGUAGES
from pipelines.wikipedia.marks import GONE, HOLE
from pipelines.wikipedia.nesting import replace_nested
from pipelines.wikipedia.site import Site

# Most links: no colon, so neither a file nor a category nor another wiki.
# Beside some marks it matters that a link stood there: these few wait for `show_links`.
PLAIN = re.compile(
    r"\[\[(?<![.,']\[\[)(?:[^][|:{}<>\n]++\|([^][|{}\n]++)|([^][|:{}<>\n]++))]](?!'| [,.;:!?)-])"
)
# May hold an external link, in single brackets, as captions do.
ANY = re.compile(r"\[\[([^][]*+(?:\[(?!\[)[^][]*+](?!])[^][]*+)*)]]")
EXTERNAL = re.compile(
    r"\[(?:https?:|ftps?:|mailto:|news:|irc:|gopher:|//)[^][\s]*+([^][\n]*+)]", re.IGNORECASE
)
ADDRESS = re.compile(r"https?://[^\s<>]+")
DEEPEST = 4  # a link in a caption in a caption; what is deeper takes the slow way

FILE, MEDIA, CATEGORY = 6, -2, 14


def show_plain_links(text: str) -> str:
    """Leaves of most links what they show: "[[dog|dogs]] [[cat]]s" -> "dogs cats".

    Files, categories and links to other wikis wait for `show_links`: they may hold templates.
    """
    # The groups of the split are what the links show; this needs no call for each.
    return "".join(filter(None, PLAIN.split(text))) if "[[" in text else text


def show_links(text: str, site: Site = Site()) -> str:
    """Leaves of links what they show, and of files, categories and language links nothing."""
    show = _shower(site)
    for _ in range(DEEPEST):
        if "[" not in text:
            break
        text, shown = ANY.subn(lambda found: f"{GONE}{show(found[1])}{GONE}", text)
        if not shown:
            break
    # One rare character is found faster than two.
    if ("[" in text and "[[" in text) or ("]" in text and "]]" in text):
        text = replace_nested(text, ("[[", "]]"), show, unpaired=HOLE)
    if "[" in text:
        text = EXTERNAL.sub(lambda found: found[1].strip() or GONE, text)
    return ADDRESS.sub(_address, text) if "://" in text else text


def _address(found: re.Match[str]) -> str:
    """Leaves the full stop that ends the sentence behind an address."""
    return HOLE + ("." if found[0][-1] == "." else "")


@functools.cache
def _shower(site: Site) -> Callable[[str], str]:
    """Makes the function that tells what a link on this site shows from what its brackets hold."""
    hidden = site.prefixes(FILE) | site.prefixes(MEDIA) | site.prefixes(CATEGORY)

    def show(inside: str) -> str:
        target, bar, shown = inside.partition("|")
        prefix, colon, rest = target.partition(":")
        if colon:
            # "is:Hundur" is a link to Iceland, but "Is: Sue" is a title.
            if prefix.strip() in LANGUAGES and rest[:1] != " ":
                return GONE
            if prefix.replace("_", " ").strip().lower() in hidden:
                return GONE
        if not bar:
            return target.removeprefix(":").strip()
        return shown.rpartition("|")[2] if shown.strip() else _without_disambiguation(target)

    return show


def _without_disambiguation(target: str) -> str:
    """Shows what the pipe trick shows: ":w:Java (island)" -> "Java", "Paris, Texas" -> "Paris"."""
    title = target.rpartition(":")[2].partition("(")[0]
    return title.partition(",")[0].strip()
