"""A page of a dump, and how pages are read from the bytes of their XML."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.redirects import redirect_target
from pipelines.wikipedia.site import Site

WIKITEXT = "wikitext"
# The order of elements that nearly all exports have; every other page goes through ElementTree.
# A repeated group keeps what it matched last: the latest revision.
# What holds a group may go back, or older versions of `re` lose the place of the group.
PAGE = re.compile(
    rb"""\s*+<page>\s*+<title>([^<]*+)</title>\s*+
    (?:<ns>(-?\d++)</ns>\s*+)?<id>(\d++)</id>\s*+
    (?:<redirect(?:\s++title="([^"<]*+)")?\s*+/>\s*+)?
    (?:<restrictions>[^<]*+</restrictions>\s*+)?
    (?:<revision>((?:[^<]*+<(?!text\b|/?revision\b|/?page\b|!))*[^<]*+)
       <text\b([^<>]*+)(?:(?<=/)>|(?<!/)>([^<]*+)</text>)
       ((?:[^<]*+<(?!/?text\b|/?revision\b|/?page\b|!))*[^<]*+)</revision>\s*+)+
    </page>""",
    re.VERBOSE,
)
# What stands where no such page does: one in an unusual order, or damage.
ANYTHING = re.compile(rb"\s*+\S.*?(?:</page>|\Z)", re.DOTALL)
MODEL = re.compile(rb"<model>([^<]*)</model>")
REFERENCE = re.compile(rb"(&[#0-9A-Za-z]*+;?+)")
NUMBER = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


class Page(NamedTuple):
    """A page and its latest revision; `redirect` is the title it points to, if it does."""

    title: str
    id: int
    namespace: int
    redirect: str | None
    wikitext: str
    model: str = WIKITEXT


def parse_pages(chunk: bytes, site: Site = Site()) -> Iterator[Page]:
    """Yields the pages of a chunk of whole <page> elements.

    Raises:
        DamagedDump: a page is not whole XML; those before it were yielded.
    """
    if b"\r" in chunk:
        chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    position, title = 0, None
    while found := PAGE.match(chunk, position) or ANYTHING.match(chunk, position):
        try:
            page = _fast(found, site) if found.re is PAGE else _slow(found[0], site)
        except (ElementTree.ParseError, ValueError) as error:
            after = f"the page after {title!r}" if title is not None else "the first page"
            raise DamagedDump(f"{after} of this chunk is not whole: {error}") from None
        yield page
        title, position = page.title, found.end()


def _fast(found: re.Match[bytes], site: Site) -> Page:
    title, namespace, number, redirect, before, _, text, after = found.groups(b"")
    if found.start(7) < found.start(6):
        text = b""  # of an earlier revision: the last one has none
    name = _unescape(title).decode()
    wikitext = _unescape(text).decode()
    model = MODEL.search(before) or MODEL.search(after)
    return Page(
        title=name,
        id=int(number),
        namespace=int(namespace) if namespace else site.namespace_of(name),
        redirect=_unescape(redirect).decode() if redirect else redirect_target(wikitext),
        wikitext=wikitext,
        model=_unescape(model[1]).decode() if model else WIKITEXT,
    )


def _slow(xml: bytes, site: Site) -> Page:
    """Reads a page whose elements come in an unusual order, by a parser of XML."""
    page = ElementTree.fromstring(xml.strip())
    if page.tag != "page":
        raise ValueError(f"<{page.tag}> stands where <page> was expected")
    revision = next(reversed(page.findall("revision")), page)
    title, redirect = page.findtext("title", ""), page.find("redirect")
    wikitext = revision.findtext("text", "")
    target = redirect.get("title") if redirect is not None else None
    return Page(
        title=title,
        id=int(page.findtext("id", "0")),
        namespace=int(page.findtext("ns") or site.namespace_of(title)),
        redirect=target or redirect_target(wikitext),
        wikitext=wikitext,
        model=revision.findtext("model", WIKITEXT),
    )


class _References(dict[bytes, bytes]):
    """What each reference stands for: five entities and the numbers of characters."""

    def __missing__(self, reference: bytes) -> bytes:
        """Reads the number of a character.

        Raises:
            ValueError: there is none; an export can have no other entities.
        """
        found = NUMBER.fullmatch(reference)
        if not found:
            raise ValueError(f"it holds {reference.decode()!r}, which stands for nothing")
        return chr(int(found[1], 16) if found[1] else int(found[2])).encode()


REFERENCES = _References(
    {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}
)


def _unescape(text: bytes) -> bytes:
    """Replaces each reference, once: b"&amp;lt;" -> b"&lt;"."""
    # Five passes of bytes.replace, or a function called by each match, take twice the time.
    parts = REFERENCE.split(text)
    parts[1::2] = map(REFERENCES.__getitem__, parts[1::2])
    return b"".join(parts)
