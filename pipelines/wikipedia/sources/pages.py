"""Articles of a chunk of a dump."""

from collections.abc import Iterator

from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.kinds import kind
from pipelines.wikipedia.page import parse_pages
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.sources.source import Record
from pipelines.wikipedia.wikitext import parse


def read_pages(chunk: bytes, site: Site, counts: GroupedCounts) -> Iterator[Record]:
    """Yields the articles among whole <page> elements, and counts all pages by kind.

    Raises:
        DamagedDump: a page is damaged; those before it were yielded.
    """
    for page in parse_pages(chunk, site):
        what = kind(page, site)
        counts["pages"][what] += 1
        if what == "article":
            yield Record(page.id, page.title, parse(page.wikitext, site))
