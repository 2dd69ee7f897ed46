"""Tests of telling articles from everything else in a dump."""

import pytest

from pipelines.wikipedia.kinds import KINDS, kind
from pipelines.wikipedia.page import Page
from pipelines.wikipedia.site import Site

ARTICLE = Page("Mercury", 1, 0, None, "'''Mercury''' is a planet.")


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, "article"),
        ({"namespace": 10}, "other namespace"),
        ({"redirect": "Venus"}, "redirect"),
        ({"model": "json"}, "not wikitext"),
        ({"wikitext": " \n"}, "without text"),
        ({"title": "Mercury (disambiguation)"}, "disambiguation"),
    ],
)
def test_a_page_is_of_one_kind(change, expected):
    assert kind(ARTICLE._replace(**change)) == expected
    assert expected in KINDS


@pytest.mark.parametrize(
    "language, mark",
    [
        ("en", "{{disambiguation}}"),
        ("en", "{{Disambig |geo}}"),
        ("en", "{{ hndis|Smith, John}}"),
        ("en", "{{School disambiguation}}"),
        ("en", "[[Category:Human name disambiguation pages]]"),
        ("en", "__DISAMBIG__"),
        ("de", "{{Begriffsklärung}}"),
        ("fr", "{{Homonymie}}"),
        ("es", "{{desambiguación}}"),
        ("it", "{{Disambigua}}"),
        ("pt", "{{Desambiguação}}"),
        ("nl", "{{dp}}"),
        ("pl", "{{Ujednoznacznienie}}"),
        ("ru", "{{Неоднозначность}}"),
        ("ja", "{{aimai}}"),
        ("zh", "{{消歧义}}"),
        ("ar", "{{توضيح}}"),
    ],
)
def test_pages_that_list_meanings_are_told_by_their_mark(language, mark):
    page = ARTICLE._replace(wikitext=f"'''Mercury''' may be:\n* a planet\n{mark}\n")
    assert kind(page, Site(language)) == "disambiguation"


@pytest.mark.parametrize(
    "mark",
    [
        "{{nota disambigua|B}}",
        "{{disambiguation needed|date=May 2020}}",
        "{{about|the planet}}",
        "[[Mercury (disambiguation)]]",
        "the category of disambiguation",
    ],
)
def test_notes_that_point_to_such_pages_make_none(mark):
    assert kind(ARTICLE._replace(wikitext=f"{mark} {ARTICLE.wikitext}")) == "article"


def test_a_category_is_told_in_the_language_of_the_site():
    site = Site("de", {0: "", 14: "Kategorie"})
    page = ARTICLE._replace(wikitext="A\n[[Kategorie:Begriffsklärung]]")
    assert kind(page, site) == "disambiguation"
    assert kind(page, Site()) == "article"
