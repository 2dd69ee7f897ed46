"""A section -> the section that follows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from pipelines.objectives.objective import Objective, Pair
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages


@dataclass(frozen=True)
class NextSection(Objective):
    """Makes a section's text -> the text of the next.

    "Clouds are bright. Oceans are not." -> "It is measured from space."

    A section without clean sentences is no source and no target.

    text, following: how much of each is taken, from its beginning, of the sentences that are
        clean.
    """

    text: Passages = Passages(sentences=10, words=80, characters=1000)
    following: Passages = Passages(sentences=5, words=60, characters=500)

    def pairs(self, article: Article) -> Iterator[Pair]:
        for one, other in pairwise(article.sections):
            source = self.text.beginning(chain(*one.paragraphs))
            target = self.following.beginning(chain(*other.paragraphs))
            if source and target:
                yield source, target
