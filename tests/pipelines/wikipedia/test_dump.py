"""Tests of the way from a dump to pages."""

import bz2
import gzip
import itertools
import tracemalloc

import pytest

from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.page import Page

HEAD = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">\n<siteinfo/>\n'
PAGE = (
    "<page><title>{0}</title><ns>{1}</ns><id>{2}</id>{3}"
    "<revision><id>9</id><text>{4}</text></revision></page>\n"
)


def dump(*given: str) -> bytes:
    return (HEAD + "".join(given) + "</mediawiki>").encode()


def test_a_page_has_title_id_namespace_and_wikitext(tmp_path):
    (tmp_path / "a.xml").write_bytes(
        dump(PAGE.format("Ä &amp; B", 0, 7, "", "'''A'''&lt;ref/&gt;"))
    )
    assert list(Dump(tmp_path / "a.xml").pages()) == [Page("Ä & B", 7, 0, None, "'''A'''<ref/>")]


def test_a_redirect_names_its_target(tmp_path):
    (tmp_path / "a.xml").write_bytes(dump(PAGE.format("A", 0, 1, '<redirect title="B"/>', "")))
    (page,) = Dump(tmp_path / "a.xml").pages()
    assert page.redirect == "B"


@pytest.mark.parametrize("suffix, pack", [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_dumps_read_as_plain_ones(tmp_path, suffix, pack):
    whole = dump(PAGE.format("A", 0, 1, "", "a"), PAGE.format("B", 1, 2, "", "b"))
    # Dumps come in many streams, one after the other in one file.
    (tmp_path / f"a.xml{suffix}").write_bytes(pack(whole[:90]) + pack(whole[90:]))
    assert [page.title for page in Dump(tmp_path / f"a.xml{suffix}").pages()] == ["A", "B"]


def test_a_missing_dump_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        list(Dump(tmp_path / "a.xml").pages())


def test_memory_does_not_grow_with_the_dump(tmp_path):
    text = "word " * 2000
    (tmp_path / "a.xml").write_bytes(dump(*(PAGE.format(n, 0, n, "", text) for n in range(1000))))
    read = Dump(tmp_path / "a.xml").pages()
    tracemalloc.start()
    for _ in itertools.islice(read, 300):
        pass
    early = tracemalloc.get_traced_memory()[1]
    for _ in read:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * early
