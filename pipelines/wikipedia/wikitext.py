"""Wikitext to sections of clean paragraphs: https://www.mediawiki.org/wiki/Help:Formatting."""

import re

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.braces import replace_templates
from pipelines.wikipedia.comments import hide_literals, show_literals
from pipelines.wikipedia.elements import remove_elements
from pipelines.wikipedia.links import show_links, show_plain_links
from pipelines.wikipedia.marks import GONE, HEAD, HOLE, INDENTED, UNKNOWN
from pipelines.wikipedia.paragraphs import mark_headings, sections
from pipelines.wikipedia.quotes import remove_quotes
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.switches import choose_variants, remove_switches
from pipelines.wikipedia.tables import remove_rows, remove_tables
from pipelines.wikipedia.tags import remove_tags
from pipelines.wikipedia.tidying import tidy, unescape_entities

__all__ = ["HOLE", "parse"]

INDENT = re.compile("\n(?= ) ")  # so written, it is looked for by one character


def parse(wikitext: str, site: Site = Site()) -> list[Section[str]]:
    """Returns the running text of a page: the lead, then the sections with their titles.

    Where something is left out that a reader would read aloud (a formula, a template whose text
    cannot be known), HOLE stands, so that the sentence can be told from a whole one. Tables,
    notes, captions and end matter (references, links) are left out, and of lists what is no
    sentence. Each step goes over the whole page once and makes it shorter, those that drop most
    first; steps that call a function for each match come last.
    """
    text = f"\n{wikitext}\n\n"
    for mark in (GONE, HEAD, UNKNOWN, INDENTED):
        if mark in text:  # found at the speed of memory, which `replace` has not
            text = text.replace(mark, "")
    marked, text = text, hide_literals(text)
    literal = text is not marked and ("nowiki" in marked or "NOWIKI" in marked)
    text = remove_tables(mark_headings(remove_elements(text), site.language))
    # What is indented is preformatted; spaces that left-out markup leaves mean nothing.
    text = INDENT.sub(f"\n{INDENTED}", show_plain_links(text))
    text = replace_templates(text, site.language)
    text = remove_quotes(remove_tags(remove_rows(show_links(text, site))))
    text = unescape_entities(remove_switches(choose_variants(text)))
    if literal:
        text = show_literals(text)
    return sections(tidy(text))
