"""An article: sections of paragraphs of sentences, and the JSON line that a shard keeps of it."""

from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

import orjson

from pipelines.faults import Fault

Paragraph = TypeVar("Paragraph")


class Section(NamedTuple, Generic[Paragraph]):
    """Paragraphs under a heading; the lead has level 1 and no title.

    A paragraph is running text (Section[str]) until it is split: then it is a list of sentences
    (Section[list[str]]).
    """

    title: str
    level: int
    paragraphs: list[Paragraph]


class Article(NamedTuple):
    """A page's text, split into sentences; `id` is the page's number in its wiki."""

    id: int
    title: str
    sections: list[Section[list[str]]]

    def paragraphs(self) -> Iterator[list[str]]:
        """Yields the paragraphs of all sections, each a list of sentences."""
        for section in self.sections:
            yield from section.paragraphs


def to_line(article: Article) -> bytes:
    """Writes an article as one line of JSON, without a line feed.

    Article(12, "Dog", [Section("", 1, [["Dogs bark.", "They run."]])]) ->
    {"id":12,"title":"Dog","sections":[{"title":"","level":1,"paragraphs":[["Dogs bark.","They
    run."]]}]}
    """
    sections = [section._asdict() for section in article.sections]
    return orjson.dumps({"id": article.id, "title": article.title, "sections": sections})


def from_line(line: bytes) -> Article:
    """Reads what `to_line` wrote.

    Raises:
        Fault: the line is not JSON, or is no article.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Fault("malformed JSON", detail=str(error)) from None
    try:
        sections = [
            Section(part["title"], part["level"], part["paragraphs"]) for part in fields["sections"]
        ]
        return Article(fields["id"], fields["title"], sections)
    except (KeyError, TypeError) as error:
        raise Fault("not an article", detail=f"{type(error).__name__}: {error}") from None
