"""Tests of filters: paragraphs become sentences, and what is left out is counted."""

from pipelines.wikipedia.article import Article, Section
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.filters import Filters
from pipelines.wikipedia.personal import PersonalData
from pipelines.wikipedia.quality import Quality


def filtered(*paragraphs, quality=Quality(), personal=PersonalData(), language="en"):
    counts = GroupedCounts()
    sections = [Section("", 1, list(paragraphs)), Section("Empty", 2, ["12."])]
    article = Filters(language, quality, personal).article(7, "Dog", sections, counts)
    kept = article.sections[0].paragraphs if article else None
    return article, kept, counts.plain()


def test_paragraphs_become_sentences_and_empty_sections_go():
    article, _, counts = filtered("Dogs bark. They run.", "Why?")
    sections = [Section("", 1, [["Dogs bark.", "They run."], ["Why?"]])]
    assert article == Article(7, "Dog", sections)
    assert counts == {"sentences left out": {"without letters": 1}}


def test_a_sentence_that_is_left_out_parts_its_paragraph():
    quality = Quality(most_words=3)
    _, kept, counts = filtered("One is. Two is. Three is much too long. Four.", quality=quality)
    assert kept == [["One is.", "Two is."], ["Four."]]
    assert counts["sentences left out"]["too many words"] == 1


def test_paragraphs_and_articles_are_left_out_by_reason():
    _, kept, counts = filtered("He left.", "She came back.", quality=Quality(paragraph_words=3))
    assert kept == [["She came back."]]
    assert counts["paragraphs left out"] == {"too few words": 1}
    article, _, counts = filtered("He left.", quality=Quality(article_words=3))
    assert article is None
    assert counts["articles left out"] == {"too few words": 1}


def test_personal_data_is_replaced_or_its_sentence_left_out():
    text = "Dogs bark. Write to a@b.org now. They run."
    _, kept, counts = filtered(text, personal=PersonalData(["e-mail"]))
    assert kept == [["Dogs bark.", "Write to name@example.com now.", "They run."]]
    assert counts["personal data replaced"] == {"e-mail": 1}
    _, kept, counts = filtered(text, personal=PersonalData(["e-mail"], drop=True))
    assert kept == [["Dogs bark."], ["They run."]]
    assert counts["sentences left out"] == {"e-mail": 1, "without letters": 1}


def test_sentences_are_those_of_the_language():
    assert filtered("Am 3. Oktober. Er ging.", language="de")[1] == [["Am 3. Oktober.", "Er ging."]]
