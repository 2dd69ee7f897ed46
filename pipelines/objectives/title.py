"""How an article begins -> its title."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipelines.objectives.objective import Objective, Pair
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages


@dataclass(frozen=True)
class Title(Objective):
    """Makes lead -> title: "Albedo is a share of all light." -> "Albedo".

    text: how much of the lead is taken, from its beginning, of the sentences that are clean.
    """

    text: Passages = Passages(sentences=3, words=60, characters=500)

    def pairs(self, article: Article) -> Iterator[Pair]:
        for section in article.sections[:1]:
            source = self.text.beginning(chain(*section.paragraphs))
            if section.level == 1 and source:
                yield source, article.title
