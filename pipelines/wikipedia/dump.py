"""Pages of a MediaWiki XML dump, one at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse

from pipelines.text_files import open_bytes


class Page(NamedTuple):
    """A page and its latest revision; `redirect` is the title it points to, if it does."""

    title: str
    id: int
    namespace: int
    redirect: str | None
    wikitext: str


def pages(path: Path) -> Iterator[Page]:
    """Yields the pages of a dump (.xml, .xml.bz2, .xml.gz, .xml.xz) in bounded memory.

    Raises:
        ValueError: the file is not there, not a MediaWiki export, or ends before its end.
    """
    with open_bytes(path) as file:
        try:
            events = iterparse(file, events=("start", "end"))
            _, root = next(events)
            if _name(root) != "mediawiki":
                raise ValueError(f"{path} is not a MediaWiki export: its root is <{_name(root)}>")
            for event, element in events:
                if event == "end" and _name(element) == "page":
                    yield _page(element)
                    # Pages hang on the root; without this the whole dump stays in memory.
                    root.clear()
        except ParseError as error:
            raise ValueError(f"{path} is not whole XML: {error}") from None


def _name(element: Element) -> str:
    """Returns the tag without its namespace, which names the version of the export's schema."""
    return element.tag.rpartition("}")[2]


def _page(element: Element) -> Page:
    parts = {_name(part): part for part in element}
    redirect = parts["redirect"].get("title") if "redirect" in parts else None
    revision = {_name(part): part for part in parts.get("revision", ())}
    text = revision["text"].text if "text" in revision else None
    return Page(
        title=parts["title"].text or "",
        id=int(parts["id"].text or 0),
        namespace=int(parts["ns"].text or 0),
        redirect=redirect,
        wikitext=text or "",
    )
