"""Tests of the line of JSON that an article is kept as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.faults import Fault
from pipelines.wikipedia.article import Article, Section, from_line, to_line

TEXT = st.text(st.characters(codec="utf-8"))
SECTION = st.builds(Section, TEXT, st.integers(1, 6), st.lists(st.lists(TEXT)))
ARTICLE = st.builds(Article, st.integers(0, 2**53), TEXT, st.lists(SECTION))
DOG = Article(12, "Dog", [Section("", 1, [["Dogs bark.", "They run."]]), Section("Ü", 2, [])])
LINE = (
    '{"id":12,"title":"Dog","sections":[{"title":"","level":1,"paragraphs":'
    '[["Dogs bark.","They run."]]},{"title":"Ü","level":2,"paragraphs":[]}]}'
)


@given(ARTICLE)
def test_reading_gives_back_what_was_written_on_one_line(article):
    line = to_line(article)
    assert b"\n" not in line and b"\r" not in line
    assert from_line(line) == article


def test_a_line_is_json_in_utf_8():
    assert to_line(DOG).decode() == LINE
    assert from_line(LINE.encode() + b"\n") == DOG


def test_paragraphs_are_those_of_all_sections():
    lead, more = Section("", 1, [["A."], ["B.", "C."]]), Section("D", 2, [["E."]])
    assert list(Article(1, "X", [lead, more]).paragraphs()) == [["A."], ["B.", "C."], ["E."]]


@pytest.mark.parametrize("line", [b"", b"{", b"\xff", b'{"id": 1,}'])
def test_a_line_that_is_not_json_is_a_fault(line):
    with pytest.raises(Fault, match="malformed JSON"):
        from_line(line)


@pytest.mark.parametrize("line", [b"1", b"[]", b"{}", b'{"id": 1, "title": "", "sections": [2]}'])
def test_json_of_something_else_is_a_fault(line):
    with pytest.raises(Fault, match="not an article"):
        from_line(line)
