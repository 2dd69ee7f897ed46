"""Tests of the corpus of two columns."""

import pytest

from pipelines.corpora.tab_separated import TabSeparated


@pytest.fixture
def write(tmp_path):
    def write(text: str, **options) -> TabSeparated:
        (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
        return TabSeparated({"train": "a.tsv"}, folder=str(tmp_path), **options)

    return write


def test_columns_count_from_one(write):
    corpus = write("x\teins\tone\ny\tzwei\ttwo\n", source=2, target=3)
    assert list(corpus.pairs("train")) == [("eins", "one"), ("zwei", "two")]


def test_columns_can_be_named_by_the_first_line(write):
    corpus = write("en\tde\none\teins\n", source="de", target="en")
    assert list(corpus.pairs("train")) == [("eins", "one")]


def test_a_header_is_skipped_when_columns_are_numbers(write):
    corpus = write("de\ten\neins\tone\n", header=True)
    assert list(corpus.pairs("train")) == [("eins", "one")]


def test_quotation_marks_are_text(write):
    assert list(write('"a\t"b"\n').pairs("train")) == [('"a', '"b"')]


def test_an_unknown_column_is_an_error_that_names_the_known_ones(write):
    with pytest.raises(ValueError, match=r"no column 'fr' \(its first line: de, en\)"):
        write("de\ten\n", source="de", target="fr").pairs("train")


def test_column_zero_does_not_exist():
    with pytest.raises(ValueError, match="columns count from 1"):
        TabSeparated({"train": "a.tsv"}, source=0, target=1)


def test_a_line_with_too_few_columns_is_an_error_that_names_file_and_line(write):
    with pytest.raises(ValueError, match=r"a\.tsv:2: missing column: 1 columns, wanted column 2"):
        list(write("a\tb\nc\n").pairs("train"))


def test_faulty_lines_can_be_dropped_and_are_counted(write):
    corpus = write("a\tb\nc\nd\t\n\ne\tf\n", faulty="drop")
    assert list(corpus.pairs("train")) == [("a", "b"), ("e", "f")]
    assert corpus.dropped == {"missing column": 1, "empty field": 1, "empty line": 1}
