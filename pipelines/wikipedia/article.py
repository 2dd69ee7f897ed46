"""An article: sections of paragraphs of sentences, and the line of JSON that a shard keeps of it."""

from typing import NamedTuple


class Section(NamedTuple):
    """Paragraphs under a heading, as running text; the lead has level 1 and no title."""

    title: str
    level: int
    paragraphs: list[str]
