"""Tests of the corpus of two files."""

import bz2
import gzip
import lzma

import pytest

from pipelines import plugins
from pipelines.corpora.corpus import Corpus
from pipelines.corpora.parallel_text import ParallelText


@pytest.fixture
def write(tmp_path):
    def write(source: bytes, target: bytes, **options) -> ParallelText:
        (tmp_path / "a.de").write_bytes(source)
        (tmp_path / "a.en").write_bytes(target)
        return ParallelText({"train": "a.de"}, {"train": "a.en"}, str(tmp_path), **options)

    return write


def test_line_n_of_the_source_goes_with_line_n_of_the_target(write):
    corpus = write(b"eins\nzwei\n", b"one\ntwo\n")
    assert list(corpus.pairs("train")) == [("eins", "one"), ("zwei", "two")]


def test_a_corpus_gives_the_same_order_each_time(write):
    corpus = write(b"a\nb\nc\n", b"1\n2\n3\n")
    assert list(corpus.pairs("train")) == list(corpus.pairs("train"))


def test_windows_line_ends_byte_order_marks_and_a_missing_last_line_end_leave_no_trace(write):
    corpus = write(b"\xef\xbb\xbfa\r\nb\r\n", b"1\n2")
    assert list(corpus.pairs("train")) == [("a", "1"), ("b", "2")]


def test_only_a_line_feed_ends_a_line(write):
    corpus = write("a\u2028b\x0cc\n".encode(), b"1\n")
    assert list(corpus.pairs("train")) == [("a\u2028b\x0cc", "1")]


@pytest.mark.parametrize(
    "suffix, pack", [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_files_read_as_plain_ones(tmp_path, suffix, pack):
    for name, text in (("a", "ä\nö\n"), ("b", "1\n2\n")):
        (tmp_path / f"{name}{suffix}").write_bytes(pack(text.encode()))
    corpus = ParallelText({"test": f"a{suffix}"}, {"test": f"b{suffix}"}, str(tmp_path))
    assert list(corpus.pairs("test")) == [("ä", "1"), ("ö", "2")]


@pytest.mark.parametrize(
    "suffix, pack", [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_a_compressed_file_cut_short_is_an_error_that_names_it(tmp_path, suffix, pack):
    whole = pack("".join(f"line {number}\n" for number in range(1000)).encode())
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    corpus = ParallelText({"train": path.name}, {"train": path.name}, str(tmp_path))
    with pytest.raises(ValueError, match=f"cannot read .*a{suffix} to its end"):
        list(corpus.pairs("train"))


@pytest.mark.parametrize(
    "source, target, message",
    [
        (b"a\nb\nc\n", b"1\n2\n", r"a\.de:3: line without a partner: the target has fewer"),
        (b"a\n", b"1\n2\n", r"a\.en:2: line without a partner: the source has fewer"),
        (b"a\n\xff\n", b"1\n2\n", r"a\.de:2: invalid UTF-8: byte 1 of the line is 0xff"),
        (b"a\nb\n", b"1\n \n", r"a\.en:2: empty line"),
    ],
)
def test_a_faulty_line_is_an_error_that_names_file_and_line(write, source, target, message):
    with pytest.raises(ValueError, match=message):
        list(write(source, target).pairs("train"))


def test_faulty_lines_can_be_dropped_and_are_counted_anew_with_each_read(write):
    corpus = write(b"a\n\xff\nc\nd\ne\n", b"1\n2\n\n4\n", faulty="drop")
    for _ in range(2):
        assert list(corpus.pairs("train")) == [("a", "1"), ("d", "4")]
        assert corpus.dropped == {"invalid UTF-8": 1, "empty line": 1, "line without a partner": 1}


def test_an_unknown_split_is_an_error_that_names_the_known_ones(write):
    with pytest.raises(ValueError, match=r"no split 'dev' \(known: train\)"):
        write(b"a\n", b"1\n").pairs("dev")


def test_a_missing_file_is_an_error_that_names_those_beside_it(tmp_path):
    (tmp_path / "train.en").write_text("one\n")
    corpus = ParallelText({"train": "train.de"}, {"train": "train.en"}, str(tmp_path))
    with pytest.raises(ValueError, match=r"no file .*train\.de \(there: train\.en\)"):
        corpus.pairs("train")


def test_a_missing_folder_is_an_error_that_names_it(tmp_path):
    corpus = ParallelText({"train": "a"}, {"train": "b"}, str(tmp_path / "gone"))
    with pytest.raises(ValueError, match="there is no folder .*gone"):
        corpus.pairs("train")


def test_source_and_target_must_name_the_same_splits():
    with pytest.raises(ValueError, match="only one has: test, valid"):
        ParallelText({"train": "a", "valid": "b"}, {"train": "c", "test": "d"})


def test_a_recipe_section_builds_the_corpus(write, tmp_path):
    write(b"a\n", b"1\n")
    section = {
        "kind": "parallel_text",
        "source": {"train": "a.de"},
        "target": {"train": "a.en"},
        "folder": str(tmp_path),
    }
    corpus = plugins.build("pipelines.corpora", Corpus, section)
    (example,) = corpus.examples("train").as_numpy_iterator()
    assert example == {"source": b"a", "target": b"1"}


def test_a_recipe_section_with_another_word_for_faulty_is_an_error():
    section = {"kind": "parallel_text", "source": {}, "target": {}, "faulty": "ignore"}
    with pytest.raises(ValueError, match="faulty: Input should be 'error' or 'drop'"):
        plugins.build("pipelines.corpora", Corpus, section)
