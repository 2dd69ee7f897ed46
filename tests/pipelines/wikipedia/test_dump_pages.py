"""Tests of pages read from XML, beside a parser of XML."""

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.page import Page, parse_pages
from pipelines.wikipedia.redirects import redirect_target
from pipelines.wikipedia.site import Site

ENGLISH = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
# What XML 1.0 allows.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"))


def by_parser(page):
    """Reads a <page> element as ElementTree tells it."""
    revision, redirect = page.findall("revision")[-1], page.find("redirect")
    wikitext = revision.findtext("text") or ""
    return Page(
        title=page.findtext("title"),
        id=int(page.findtext("id")),
        namespace=int(page.findtext("ns")),
        redirect=redirect_target(wikitext) if redirect is None else redirect.get("title"),
        wikitext=wikitext,
        model=revision.findtext("model") or "wikitext",
    )


def test_pages_of_a_real_dump_are_what_a_parser_of_xml_reads():
    for chunk in Dump(ENGLISH).chunks():
        parsed = ElementTree.fromstring(b"<all>" + chunk + b"</all>")
        assert list(parse_pages(chunk)) == [by_parser(page) for page in parsed]


def element(name, text):
    return f"<{name}>{escape(text)}</{name}>"


@st.composite
def pages(draw):
    """Writes a page as exports of some version do, or as none does."""
    texts = draw(st.lists(TEXT, min_size=1, max_size=3))
    revisions = [
        draw(st.sampled_from(["", "<minor />", element("model", "wikitext")]))
        + (f'<text bytes="1">{escape(text)}</text>' if text else '<text bytes="0" />')
        + draw(st.sampled_from(["", element("sha1", "a1"), element("model", "json")]))
        for text in texts
    ]
    title = draw(TEXT)
    facts = [
        element("title", title),
        element("ns", str(draw(st.integers(-2, 999)))),
        element("id", str(draw(st.integers(0, 2**31)))),
        *draw(st.sampled_from([[], ['<redirect title="A &quot;b&quot;" />'], ["<restrictions/>"]])),
        *(f"<revision>\n{revision}\n</revision>" for revision in revisions),
        *draw(st.sampled_from([[], ["<upload><size>1</size></upload>"]])),
    ]
    return "<page>" + draw(st.sampled_from(["", "\n  "])).join(facts) + "</page>"


@settings(max_examples=150, deadline=None)
@given(st.lists(pages(), max_size=3))
def test_any_pages_are_what_a_parser_of_xml_reads(given_pages):
    chunk = "\n".join(given_pages).encode()
    parsed = ElementTree.fromstring(b"<all>" + chunk + b"</all>")
    assert list(parse_pages(chunk)) == [by_parser(page) for page in parsed]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"<>/&;\"' =!-[]ax1\n", "page", "text", "<text>"])).map("".join))
def test_anything_else_is_an_error_that_says_which_page(inside):
    chunk = f"<page><title>A</title>{inside}</page>".encode()
    try:
        assert len(list(parse_pages(chunk))) <= 2
    except DamagedDump as error:
        assert "not whole" in str(error)


def page(text="'''A''' is.", facts="<title>A</title><ns>0</ns><id>7</id>"):
    return f"<page>{facts}<revision><id>9</id>{text}</revision></page>".encode()


def only(chunk, site=Site()):
    (found,) = parse_pages(chunk, site)
    return found


@pytest.mark.parametrize(
    "escaped, text",
    [
        ("&lt;ref&gt; &amp; &quot;&apos;", "<ref> & \"'"),
        ("&amp;lt; &amp;amp;amp; &amp;nbsp;", "&lt; &amp;amp; &nbsp;"),
        ("&#38;amp; &#x41;&#66;&#x1F600;", "&amp; AB\U0001f600"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_what_is_escaped_is_read_once(escaped, text):
    assert only(page(f"<text>{escaped}</text>")).wikitext == text


@pytest.mark.parametrize("wrong", ["&nbsp;", "&b;", "&", "a & b", "&#;", "&#xD800;", "&#99999999;"])
def test_nothing_else_is_ever_expanded(wrong):
    with pytest.raises(DamagedDump, match="the first page of this chunk is not whole"):
        only(page(f"<text>{wrong}</text>"))


def test_an_error_names_the_page_before():
    read = parse_pages(page("<text>a</text>") + page("<text>&b;</text>"))
    assert next(read).title == "A"
    with pytest.raises(DamagedDump, match="the page after 'A' of this chunk .*'&b;'"):
        next(read)


@pytest.mark.parametrize(
    "text",
    [
        '<text bytes="0" />',
        '<text deleted="deleted"/>',
        "<text></text>",
        "",
        '<text xml:space="a"/>',
    ],
)
def test_a_page_without_text_is_empty(text):
    assert only(page(text)).wikitext == ""


def test_of_many_revisions_the_last_counts_even_if_it_is_empty():
    old = "<revision><id>1</id><text>old</text></revision>"
    facts = f"<title>A</title><ns>0</ns><id>7</id>{old}"
    assert only(page("<text>new</text>", facts)).wikitext == "new"
    assert only(page("<text/>", facts)).wikitext == ""


def test_older_dumps_tell_the_namespace_by_the_title():
    german = Site("de", {0: "", 6: "Datei", 14: "Kategorie"}, "0.3")
    for title, key in [("Kategorie:A", 14), ("Bild:B.png", 6), ("File:C", 6), ("D: E", 0)]:
        facts = f"<title>{title}</title><id>7</id><restrictions>sysop</restrictions>"
        assert only(page("<text>a</text>", facts), german).namespace == key


@pytest.mark.parametrize("mark", ["", "<redirect />", "<redirect/>"])
@pytest.mark.parametrize(
    "text, target",
    [
        ("#REDIRECT [[B]]", "B"),
        ("#redirect: [[:B_c#d|e]]\n[[Category:F]]", "B c#d"),
        ("\n#WEITERLEITUNG [[B]]", "B"),
        ("#перенаправление [[Б]]", "Б"),
        ("#転送[[B]]", "B"),
        ("# a list", None),
        ("See #REDIRECT [[B]]", None),
    ],
)
def test_older_dumps_tell_redirects_by_their_text(mark, text, target):
    facts = f"<title>A</title><id>7</id>{mark}"
    assert only(page(f"<text>{text}</text>", facts)).redirect == target


@pytest.mark.parametrize(
    "order", ["<id>7</id><title>A</title><ns>0</ns>", "<title>A</title><id>7</id><ns>0</ns>"]
)
def test_elements_may_come_in_another_order(order):
    assert only(page("<text>a</text><model>json</model>", order)) == Page(
        "A", 7, 0, None, "a", "json"
    )


def test_time_grows_with_the_size_alone():
    # Were any of it quadratic, this would take hours.
    for piece in ("<revision>", "<text>a</text>", "<a><b/>", "&amp;", "</page", "<!--"):
        with pytest.raises(DamagedDump):
            list(parse_pages(page(piece * 50_000 + "<")))
