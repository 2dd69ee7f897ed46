"""Tests of chunks of whole pages and of parts for many machines."""

import bz2

import pytest
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.page import parse_pages
from pipelines.wikipedia.page_cutter import PageCutter
from pipelines.wikipedia.parts import Part

ENGLISH = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
SIZES = [10, 400, 3, 3, 3, 700, 60, 1, 150, 90, 5, 5, 5, 1200, 40]
PAGES = [
    f"<page><title>{n}</title><id>{n}</id><revision><text>{'a' * size}</text></revision></page>"
    for n, size in enumerate(SIZES)
]
HEAD = "<mediawiki>\n<siteinfo></siteinfo>\n"
XML = (HEAD + "\n  ".join(PAGES) + "\n</mediawiki>\n").encode()
TITLES = [str(number) for number in range(len(SIZES))]


def titles(chunks):
    return [page.title for chunk in chunks for page in parse_pages(chunk)]


@pytest.fixture
def plain(tmp_path):
    (tmp_path / "a.xml").write_bytes(XML)
    return tmp_path / "a.xml"


def test_a_chunk_ends_with_the_first_page_that_makes_it_large_enough(plain):
    chunks = list(Dump(plain, chunk_bytes=200).chunks())
    whole = [chunk.decode().split() for chunk in chunks]
    assert ["".join(chunk) for chunk in whole] == [
        "".join("".join(PAGES[first:end]).split())
        for first, end in [(0, 2), (2, 5), (5, 6), (6, 8), (8, 9), (9, 11), (11, 14), (14, 15)]
    ]


def cut(blocks, chunk_bytes, largest_page):
    cutter = PageCutter(chunk_bytes, largest_page)
    chunks = [chunk for block in blocks for chunk in cutter.feed(block)]
    return [*chunks, cutter.rest()[0]], cutter.skipped


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, len(XML))),
    st.integers(1, 1500),
    st.integers(100, 2000),
)
def test_chunks_do_not_depend_on_the_blocks_they_are_cut_from(places, chunk_bytes, largest_page):
    xml = XML[len(HEAD) :]
    chunk_bytes = min(chunk_bytes, largest_page)
    places = sorted([0, *places, len(xml)])
    blocks = [xml[start:end] for start, end in zip(places, places[1:])]
    chunks, skipped = cut(blocks, chunk_bytes, largest_page)
    assert (chunks, skipped) == cut([xml], chunk_bytes, largest_page)
    small = [n for n, page in enumerate(PAGES) if len(page) + 3 <= largest_page]
    assert set(map(str, small)) <= set(titles(chunks))
    assert skipped == len(PAGES) - len(titles(chunks))


def test_chunks_do_not_depend_on_threads():
    one = list(Dump(ENGLISH, threads=1).chunks())
    assert one == list(Dump(ENGLISH, threads=3).chunks())


def test_chunks_from_a_number_on_are_those_of_all(plain):
    dump = Dump(plain, chunk_bytes=200)
    chunks = list(dump.chunks())
    assert all(list(dump.chunks(first)) == chunks[first:] for first in range(len(chunks) + 2))


def test_how_far_the_reading_is_grows_to_the_size_of_the_file():
    dump, positions = Dump(ENGLISH), []
    for _ in dump.chunks():
        positions.append(dump.position)
    assert positions == sorted(positions) and positions[0] < dump.size / 2
    assert dump.position == dump.size


def test_every_page_belongs_to_one_part_wherever_a_dump_is_divided(plain):
    dump = Dump(plain, chunk_bytes=200)
    for place in range(1, len(XML)):
        parts = [Part(0, place), Part(place, len(XML))]
        assert [title for part in parts for title in titles(dump.read_part(part))] == TITLES, place


@pytest.mark.parametrize("count", [1, 2, 5, 50])
@pytest.mark.parametrize("stream", [40, 300, 1500])
def test_the_parts_of_a_multistream_dump_hold_all_pages(count, stream, tmp_path):
    starts = range(0, len(XML), stream)
    path = tmp_path / "a.xml.bz2"
    path.write_bytes(b"".join(bz2.compress(XML[start : start + stream]) for start in starts))
    dump = Dump(path, chunk_bytes=200)
    parts = dump.parts(count)
    assert min(count, 2) <= len(parts) <= count
    assert parts[0].start == 0 and parts[-1].end == dump.size
    assert all(one.end == other.start for one, other in zip(parts, parts[1:]))
    assert [title for part in parts for title in titles(dump.read_part(part))] == TITLES


def test_other_dumps_have_one_part():
    dump = Dump(ENGLISH)
    assert dump.parts(10) == [(0, dump.size)]
    assert list(dump.read_part(dump.parts(10)[0])) == list(dump.chunks())


def test_a_part_of_a_dump_cut_short_is_an_error_for_the_last_alone(plain):
    plain.write_bytes(XML[: len(XML) // 2])
    dump = Dump(plain, chunk_bytes=200)
    first, last = dump.parts(2)
    before = titles(dump.read_part(first))
    read = []
    with pytest.raises(ValueError, match="a.xml is damaged: it ends with"):
        for chunk in dump.read_part(last):
            read += titles([chunk])
    assert before + read == TITLES[: len(before + read)]


@pytest.mark.parametrize("chunk_bytes, largest_page", [(0, 10), (11, 10)])
def test_a_chunk_must_hold_something_and_no_more_than_a_page(chunk_bytes, largest_page):
    with pytest.raises(ValueError, match=f"a chunk of {chunk_bytes} bytes"):
        PageCutter(chunk_bytes, largest_page)
