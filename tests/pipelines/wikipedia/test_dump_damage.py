"""Tests of dumps cut short or damaged: all before the fault is read, and the fault is told."""

import bz2
import gzip
import lzma
import random
import tracemalloc
import zlib

import py7zr
import pytest
import zstandard

from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.dump import Dump

WORDS = "the river rises in hills north of a small town & flows < slowly > to its lake".split()


def page(number, words):
    text = " ".join(random.Random(number).choices(WORDS, k=words))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        f"  <page>\n    <title>Page {number}</title>\n    <ns>0</ns>\n    <id>{number}</id>\n"
        f"    <revision>\n      <id>9</id>\n      <text>{text}</text>\n    </revision>\n  </page>\n"
    )


HEAD = '<mediawiki version="0.11" xml:lang="en">\n  <siteinfo>\n  </siteinfo>\n'
XML = (HEAD + "".join(page(n, 3 * n) for n in range(12)) + "</mediawiki>\n").encode()
ENDS = [found + 7 for found in range(len(XML)) if XML.startswith(b"</page>", found)]
PACKERS = {
    ".xml": bytes,
    ".bz2": bz2.compress,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
UNPACKERS = {
    ".bz2": bz2.BZ2Decompressor,
    ".gz": lambda: zlib.decompressobj(31),
    ".xz": lzma.LZMADecompressor,
    ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}


def packed(suffix):
    """Packs the dump as three streams, which do not begin where pages do."""
    return b"".join(PACKERS[suffix](part) for part in (XML[:700], XML[700:1900], XML[1900:]))


def available(suffix, content):
    """Unpacks byte by byte what is there; says whether the last stream is whole."""
    if suffix == ".xml":
        return content, True
    xml, unpacker = b"", None
    for place in range(len(content)):
        unpacker = unpacker or UNPACKERS[suffix]()
        xml += unpacker.decompress(content[place : place + 1])
        if unpacker.eof:
            unpacker = None
    return xml, unpacker is None


def read(path, **options):
    """Returns the titles of the pages, and the error that ends them."""
    titles = []
    try:
        for each in Dump(path, chunk_bytes=500, **options).pages():
            titles.append(each.title)
    except ValueError as error:
        return titles, error
    return titles, None


def title(number):
    return f"Page {number}"


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_dump_cut_anywhere_gives_exactly_the_whole_pages_before(suffix, tmp_path):
    whole, path = packed(suffix), tmp_path / f"a{suffix}"
    for cut in {*range(0, len(whole), 13), *range(len(whole) - 20, len(whole) + 1)}:
        path.write_bytes(whole[:cut])
        xml, unbroken = available(suffix, whole[:cut])
        titles, error = read(path)
        assert titles == [title(n) for n, end in enumerate(ENDS) if end <= len(xml)], cut
        assert (error is None) == (unbroken and b"</mediawiki>" in xml), cut
        assert error is None or isinstance(error, DamagedDump) and str(path) in str(error)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_damaged_bz2_gives_the_pages_before_and_no_others(threads, tmp_path):
    chance = random.Random(1)
    xml = (HEAD + "".join(page(n, 400) for n in range(300)) + "</mediawiki>").encode()
    # Two streams of several blocks each.
    whole = bz2.compress(xml[:300_000], 1) + bz2.compress(xml[300_000:], 1)
    path = tmp_path / "a.bz2"
    for _ in range(6):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        titles, error = read(path, threads=threads)
        assert titles == [title(n) for n in range(len(titles))]
        assert isinstance(error, DamagedDump)
        assert len(titles) >= _good(bytes(damaged))


def _good(damaged):
    """Counts the pages that Python's own decompressor gives of it, fed byte by byte."""
    unpacked, unpacker = b"", bz2.BZ2Decompressor()
    try:
        for place in range(len(damaged)):
            unpacked += unpacker.decompress(damaged[place : place + 1])
            if unpacker.eof:
                unpacker = bz2.BZ2Decompressor()
    except OSError:
        pass
    return unpacked.count(b"</page>")


@pytest.mark.parametrize("suffix", PACKERS)
def test_flipped_bytes_end_in_pages_or_in_a_clear_error(suffix, tmp_path):
    whole, path, chance = packed(suffix), tmp_path / f"a{suffix}", random.Random(2)
    for _ in range(50):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 5])):
            damaged[chance.randrange(len(whole))] = chance.randrange(256)
        path.write_bytes(damaged)
        titles, error = read(path)
        assert len(titles) <= 12
        assert error is None or str(path) in str(error)


@pytest.mark.parametrize(
    "right, wrong",
    [
        (b"<page>", b"<pagE>"),
        (b"</page>", b"</pagE>"),
        (b"<title>", b"<titlE>"),
        (b"</text>", b"</tex&>"),
        (b"<text>", b"<text/>"),
        (b"&amp;", b"&amp "),
        (b"&lt;", b"&lo;"),
        (b"town", b"to\xffn"),
        (b"river", b"riv<r"),
        (b"</revision>", b""),
    ],
)
def test_a_page_that_is_no_xml_ends_the_reading_before_it(right, wrong, tmp_path):
    place = XML.index(right, XML.index(b"<title>Page 5") - 11)
    (tmp_path / "a.xml").write_bytes(XML[:place] + wrong + XML[place + len(right) :])
    titles, error = read(tmp_path / "a.xml")
    assert titles == [title(n) for n, end in enumerate(ENDS) if end <= place]
    assert isinstance(error, DamagedDump)


def test_7z_is_read_and_one_cut_short_is_an_error(tmp_path):
    (tmp_path / "a.xml").write_bytes(XML)
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.write(tmp_path / "a.xml", "a.xml")
    assert read(tmp_path / "a.7z") == ([title(n) for n in range(12)], None)
    whole = (tmp_path / "a.7z").read_bytes()
    for cut in range(0, len(whole), 50):
        (tmp_path / "b.7z").write_bytes(whole[:cut])
        assert isinstance(read(tmp_path / "b.7z")[1], DamagedDump)


def test_reading_of_7z_may_stop_early(tmp_path):
    xml = (HEAD + "".join(page(n, 20_000) for n in range(100)) + "</mediawiki>").encode()
    (tmp_path / "a.xml").write_bytes(xml)
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive:
        archive.write(tmp_path / "a.xml", "a.xml")
    pages = Dump(tmp_path / "a.7z").pages()
    assert next(pages).title == "Page 0"
    pages.close()


def with_large_page(path, words):
    """Writes a dump whose second page is large; returns its reader."""
    large = page(1, 1).replace("</text>", "word " * words + "</text>")
    xml = HEAD + page(0, 5) + large + page(2, 5) + "</mediawiki>"
    path.write_bytes(PACKERS[path.suffix](xml.encode()))
    return Dump(path, chunk_bytes=1000, largest_page=100_000)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_page_too_large_is_left_out_and_counted(suffix, tmp_path):
    dump = with_large_page(tmp_path / f"a{suffix}", 300_000)
    assert [each.title for each in dump.pages()] == ["Page 0", "Page 2"]
    assert dump.skipped == 1


@pytest.mark.parametrize("suffix", [".xml", ".gz", ".xz"])
def test_a_page_too_large_takes_no_more_memory_the_larger_it_is(suffix, tmp_path):
    def peak(words):
        dump = with_large_page(tmp_path / f"a{suffix}", words)
        tracemalloc.start()
        assert len(list(dump.pages())) == 2
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(4_000_000) < 1.1 * peak(2_000_000)


@pytest.mark.parametrize(
    "head, message",
    [
        ('<!DOCTYPE a [<!ENTITY b "bb">]>' + HEAD, "declares a document type or entities"),
        ("<html>" + "<p/>" * 9, "not a MediaWiki export: its root is <html>"),
        ("not XML at all", "its head is not XML"),
    ],
)
def test_another_file_is_an_error(head, message, tmp_path):
    (tmp_path / "a.xml").write_text(head + page(0, 5) + "</mediawiki>")
    with pytest.raises(ValueError, match=message):
        list(Dump(tmp_path / "a.xml").chunks())
    with pytest.raises(ValueError, match=message):
        Dump(tmp_path / "a.xml").site


def test_a_file_that_is_no_dump_by_its_name_is_an_error(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    with pytest.raises(ValueError, match="a dump's name ends with one of .xml, .bz2"):
        Dump(tmp_path / "a.zip")
