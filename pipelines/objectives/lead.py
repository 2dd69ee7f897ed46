"""The body of an article -> its lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipelines.objectives.objective import Objective, Pair
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages


@dataclass(frozen=True)
class Lead(Objective):
    """Makes title and body -> lead: Liu et al. (2018), "Generating Wikipedia by summarizing long
    sequences", with the article's own body in the place of its references.

    "Albedo: Clouds are bright. Oceans are not. It is measured from space." ->
    "Albedo is a share of all light."

    An article gives none where the body is not longer than the lead.

    lead, body: how much of each is taken, from its beginning, of the sentences that are clean.
    """

    lead: Passages = Passages(sentences=3, words=60, characters=500)
    body: Passages = Passages(sentences=60, words=80, characters=2000)

    def pairs(self, article: Article) -> Iterator[Pair]:
        if not article.sections or article.sections[0].level != 1:
            return
        first, *others = article.sections
        target = self.lead.beginning(chain(*first.paragraphs))
        body = self.body.beginning(chain(*(part for each in others for part in each.paragraphs)))
        if target and len(body) > len(target):
            yield f"{article.title}: {body}", target
