"""A section -> its heading."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipelines.objectives.objective import Objective, Pair
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages


@dataclass(frozen=True)
class Heading(Objective):
    """Makes title and text of a section -> heading.

    "Albedo: It is measured from space." -> "Measurement"

    The lead has no heading.

    text: how much of a section is taken, from its beginning, of the sentences that are clean.
    """

    text: Passages = Passages(sentences=10, words=80, characters=1000)

    def pairs(self, article: Article) -> Iterator[Pair]:
        for section in article.sections:
            source = self.text.beginning(chain(*section.paragraphs))
            if section.title and source:
                yield f"{article.title}: {source}", section.title
