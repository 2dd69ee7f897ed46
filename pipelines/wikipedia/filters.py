"""From paragraphs to an article of good sentences; what is left out is counted by reason."""

from collections.abc import Iterable, Iterator

from pipelines.wikipedia.article import Article, Section
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.personal import PersonalData
from pipelines.wikipedia.quality import Quality
from pipelines.wikipedia.sentences import split_sentences

SENTENCES, PARAGRAPHS, ARTICLES = (
    f"{part} left out" for part in ("sentences", "paragraphs", "articles")
)
REPLACED = "personal data replaced"


class Filters:
    """Splits paragraphs into sentences and keeps what is good enough.

    A sentence that is left out parts its paragraph: sentences that follow each other in what is
    kept followed each other in the text.
    """

    def __init__(self, language: str, quality: Quality, personal: PersonalData):
        self._language, self._quality, self._personal = language, quality, personal
        # Asked of every sentence there is.
        self._reason = self._any_reason if personal.drop else quality.sentence

    def article(
        self, number: int, title: str, sections: Iterable[Section[str]], counts: GroupedCounts
    ) -> Article | None:
        """Returns an article, None if nothing of it is good enough."""
        kept = []
        for section in sections:
            paragraphs = [
                paragraph
                for text in section.paragraphs
                for paragraph in self._paragraphs(text, counts)
            ]
            if paragraphs:
                kept.append(Section(section.title, section.level, paragraphs))
        article = Article(number, title, kept)
        reason = self._quality.article(list(article.paragraphs()))
        if reason:
            counts[ARTICLES][reason] += 1
        return None if reason else article

    def _paragraphs(self, text: str, counts: GroupedCounts) -> Iterator[list[str]]:
        """Yields the good runs of sentences of a paragraph."""
        if self._personal.kinds and not self._personal.drop:
            text = self._personal.replace(text, counts[REPLACED])
        run: list[str] = []
        for sentence in split_sentences(text, self._language):
            reason = self._reason(sentence)
            if reason is None:
                run.append(sentence)
                continue
            counts[SENTENCES][reason] += 1
            yield from self._good(run, counts)
            run = []
        yield from self._good(run, counts)

    def _any_reason(self, sentence: str) -> str | None:
        return self._personal.find(sentence) or self._quality.sentence(sentence)

    def _good(self, sentences: list[str], counts: GroupedCounts) -> Iterator[list[str]]:
        if not sentences:
            return
        reason = self._quality.paragraph(sentences, self._language)
        if reason:
            counts[PARAGRAPHS][reason] += 1
        else:
            yield sentences
