"""Tests of the corpus of JSON lines."""

import gzip

import pytest

from pipelines.corpora.json_lines import JsonLines


@pytest.fixture
def write(tmp_path):
    def write(text: str, source="source", target="target", **options) -> JsonLines:
        (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
        return JsonLines({"train": "a.jsonl"}, source, target, str(tmp_path), **options)

    return write


def test_named_fields_become_source_and_target(write):
    corpus = write('{"document": "Long.", "summary": "S.", "id": 3}\n', "document", "summary")
    assert list(corpus.pairs("train")) == [("Long.", "S.")]


def test_a_field_may_stand_inside_a_field(write):
    corpus = write('{"translation": {"de": "ja", "en": "yes"}}', "translation/de", "translation/en")
    assert list(corpus.pairs("train")) == [("ja", "yes")]


def test_compressed_lines_read_as_plain_ones(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"source": "a", "target": "b"}\n'))
    corpus = JsonLines({"test": "a.jsonl.gz"}, folder=str(tmp_path))
    assert list(corpus.pairs("test")) == [("a", "b")]


FAULTY = {
    '{"source": "a", "target": ': "malformed JSON",
    '{"source": "a"}': "missing field",
    '{"source": "a", "target": null}': "not a text",
    '{"source": "a", "target": " "}': "empty field",
    '["a", "b"]': "not an object",
    "[" * 100_000: "malformed JSON",
}


@pytest.mark.parametrize("line, reason", FAULTY.items(), ids=lambda text: text[:30])
def test_a_faulty_line_is_an_error_that_names_file_and_line(write, line, reason):
    good = '{"source": "a", "target": "b"}\n'
    with pytest.raises(ValueError, match=rf"a\.jsonl:2: {reason}"):
        list(write(good + line + "\n").pairs("train"))


def test_a_missing_field_is_an_error_that_names_the_known_ones(write):
    with pytest.raises(ValueError, match=r"'target' \(known: 'source', 'text'\)"):
        list(write('{"source": "a", "text": "b"}').pairs("train"))


def test_faulty_lines_can_be_dropped_and_are_counted(write):
    good = '{"source": "a", "target": "b"}'
    corpus = write("\n".join([good, *FAULTY, "", good]), faulty="drop")
    assert list(corpus.pairs("train")) == [("a", "b")] * 2
    assert corpus.dropped == {
        "malformed JSON": 2,
        "missing field": 1,
        "not a text": 1,
        "empty field": 1,
        "not an object": 1,
        "empty line": 1,
    }
