"""Articles as lines of JSON, in the forms that common tools give them."""

from collections.abc import Iterator
from typing import Any

import orjson

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.sources.source import Record
from pipelines.wikipedia.wikitext import parse

# Marks of wiki40b: Guo et al. (2020), "Wiki-40B: Multilingual language model dataset".
ARTICLE, SECTION, PARAGRAPH = (f"_START_{part}_" for part in ("ARTICLE", "SECTION", "PARAGRAPH"))
NEW_LINE = "_NEWLINE_"


def read_records(chunk: bytes, site: Site, counts: GroupedCounts) -> Iterator[Record]:
    """Yields the article of each line: of gensim's segment_wiki, wiki40b, or a title and text.

    {"title": "Dog", "section_titles": ["Introduction", "Use"], "section_texts": [..., ...]};
    {"text": "\\n_START_ARTICLE_\\nDog\\n_START_PARAGRAPH_\\nDogs bark."};
    {"title": "Dog", "text": "Dogs bark.\\nThey run."}, where each line is a paragraph;
    {"title": "Dog", "paragraphs": ["Dogs bark.", "They run."]}

    Raises:
        DamagedDump: a line is not JSON, as when it is cut short; those before it were yielded.
        ValueError: a line is no such article.
    """
    for line in chunk.split(b"\n"):
        if not line.strip():
            continue
        try:
            fields = orjson.loads(line)
            record = _record(fields if isinstance(fields, dict) else {}, site)
        except orjson.JSONDecodeError as error:
            raise DamagedDump(f"a line is not JSON: {line[:60]!r} ({error})") from None
        counts["pages"]["article"] += 1
        yield record


def _record(fields: dict[str, Any], site: Site) -> Record:
    try:
        if "section_texts" in fields:
            sections = _segmented(fields["section_titles"], fields["section_texts"], site)
            return Record(_id(fields), fields["title"], sections)
        text = fields.get("text", "")
        if text.lstrip().startswith(ARTICLE):
            return _wiki40b(text)
        paragraphs = fields["paragraphs"] if "paragraphs" in fields else fields["text"].split("\n")
        return Record(_id(fields), fields["title"], [_plain("", 1, paragraphs)])
    except (KeyError, TypeError, AttributeError):
        raise ValueError(
            "an article has a title, and text, paragraphs, or section_titles and section_texts, "
            f"which are texts; not {', '.join(fields) or 'nothing of that'}"
        ) from None


def _id(fields: dict[str, Any]) -> int:
    number = str(fields.get("id", ""))
    return int(number) if number.isdecimal() else 0


def _segmented(titles: list[str], texts: list[str], site: Site) -> list[Section[str]]:
    """Reads what segment_wiki left: sections under headings, whose text still has some markup."""
    (_, lead), *rest = zip(titles, texts, strict=False) if texts else [("", "")]
    wikitext = [lead, *(f"\n== {title} ==\n{text}" for title, text in rest)]
    return parse("\n".join(wikitext), site)


def _wiki40b(text: str) -> Record:
    """Reads the marks of wiki40b, which stand on lines of their own."""
    title, sections, mark = "", [("", "")], ""
    for line in text.split("\n"):
        if line in (ARTICLE, SECTION, PARAGRAPH):
            mark = line
        elif mark == ARTICLE:
            title = line
        elif mark == SECTION:
            sections.append((line, ""))
        elif mark == PARAGRAPH:
            heading, before = sections[-1]
            sections[-1] = heading, f"{before}{NEW_LINE}{line}"
    parts = [_plain(name, 2 if name else 1, body.split(NEW_LINE)) for name, body in sections]
    return Record(0, title, [section for section in parts if section.paragraphs])


def _plain(title: str, level: int, paragraphs: list[str]) -> Section[str]:
    """Makes a section of paragraphs, with one space between words."""
    texts = (" ".join(text.split()) for text in paragraphs)
    return Section(title, level, [text for text in texts if text])
