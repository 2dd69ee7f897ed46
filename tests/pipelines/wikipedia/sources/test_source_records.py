"""Tests of articles as lines of JSON."""

import json

import pytest

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.sources.records import read_records


def read(*lines, counts=None):
    counts = GroupedCounts() if counts is None else counts
    chunk = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(read_records(chunk.encode(), Site(), counts))


def test_a_text_is_a_paragraph_a_line():
    (record,) = read({"id": "12", "title": "Dog", "text": "Dogs  bark.\n\n They run.\n"})
    assert record == (12, "Dog", [Section("", 1, ["Dogs bark.", "They run."])])


def test_paragraphs_are_kept_whole():
    (record,) = read({"title": "Dog", "paragraphs": ["Dogs\nbark.", ""]})
    assert record == (0, "Dog", [Section("", 1, ["Dogs bark."])])


def test_what_segment_wiki_writes_has_sections_and_loses_its_markup():
    titles = ["Introduction", "Use", "References"]
    texts = ["\n\n'''Dogs''' bark.\n\nThey run.\n", "\n===At home===\nThey ''sleep''.", "A book"]
    (record,) = read({"title": "Dog", "section_titles": titles, "section_texts": texts})
    assert record.title == "Dog"
    assert [section for section in record.sections if section.paragraphs] == [
        Section("", 1, ["Dogs bark.", "They run."]),
        Section("At home", 3, ["They sleep."]),
    ]


def test_the_marks_of_wiki40b_become_sections():
    text = (
        "\n_START_ARTICLE_\nDog\n_START_PARAGRAPH_\nDogs bark._NEWLINE_They run."
        "\n_START_SECTION_\nUse\n_START_PARAGRAPH_\nThey guard."
        "\n_START_SECTION_\nEmpty"
    )
    (record,) = read({"text": text, "wikidata_id": "Q144"})
    assert record == (
        0,
        "Dog",
        [Section("", 1, ["Dogs bark.", "They run."]), Section("Use", 2, ["They guard."])],
    )


def test_records_are_counted_and_empty_lines_are_not():
    counts = GroupedCounts()
    assert (
        len(read({"title": "A", "text": ""}, "", {"title": "B", "text": "b"}, counts=counts)) == 2
    )
    assert counts["pages"] == {"article": 2}


@pytest.mark.parametrize(
    "line,message",
    [
        ("{broken", "a line is not JSON"),
        ("[1]", "an article has a title, and text, paragraphs, or .* not nothing of that"),
        ({"name": "A", "text": "b"}, "not name, text"),
        ({"title": "A", "text": 5}, "which are texts; not title, text"),
        ({"title": "A", "paragraphs": [5]}, "which are texts"),
        ({"title": "A", "section_texts": ["b"]}, "which are texts"),
    ],
)
def test_what_is_no_article_is_an_error(line, message):
    with pytest.raises(ValueError, match=message):
        read(line)
