"""Tests that no wikitext, however broken, makes the reader fail, leave markup, or take too long."""

import re
import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.wikipedia.wikitext import parse

PIECES = (
    "{{ }} [[ ]] {| |} ''' '' ''''' <ref> </ref> <ref/> <!-- --> <nowiki> </nowiki> <math> "
    "</math> <table> </table> <div <br/> <sup> </sup> -{ }- == = __ __TOC__ | ! * # : ; ( ) , . [ "
    "] { } [http://a https:// File: Category: fr: lang convert quote &lt; &#91; &nbsp; & a B 7 é 中 "
    "\ue05b \x01 \x02 \x03 \x1f \ufffc \u2060 \u2029"
).split(" ") + [" ", "\n", "\n\n", "\n== a ==\n", "{{nowrap|"]
MARKUP = re.compile(r"\{\{|}}|\[\[|]]|''|==|__|\||<[/!?a-zA-Z]|-\{|}-|[\x00-\x09\x0b-\x1f]|\n")
MESS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
OPENERS = (
    "{{ {{a| {{{ [[ [[File:a| {| \n{| <ref> <ref '' ''' <div> <sup> <table> [http://a -{ <nowiki> "
    "<!-- <math> <gallery> ( == \n=a __ &# * \n* {{lang|fr| {{quote| <a \n\x1f"
).split(" ")
# What a reader might look at again and again: a chain of n, and what disappoints it at the end.
CHAINS = {
    "bars before a link": lambda n: "{{lang|" + "a|" * n + "[[b]]}}",
    "spaces in the name of an argument": lambda n: "{{lang|a" + " " * n + "b=c}}",
    "digits": lambda n: "{{convert|" + "9" * n + "|km}} {{as of|2000|" + "1" * n + "}}",
    "gaps with spaces": lambda n: "a" + " <ref/>" * n + "a",
    "gaps without spaces": lambda n: "a" + "<ref/>" * n + "a",
    "gaps after full stops": lambda n: "dog.<ref/>" * n + "a",
    "gaps after commas": lambda n: "(a, {{cn}} " * n + "a",
    "notes and unknown templates": lambda n: "\n" + "{{cn}}{{x}}" * n + "a",
    "unknown templates with spaces": lambda n: "a{{x}} " * n + "a",
    "list items before an open comment": lambda n: "\n* a" * n + "<!--",
    "marks of a heading": lambda n: "\n=x" + "=" * n + "y\n= " + "= " * n + "y",
    "holes in parentheses": lambda n: "(\ufffc" * n + "\n" + "( " * n + ")" * n,
    "quotations in quotations": lambda n: "{{quote|x" * n + "}}" * n,
    "links in links": lambda n: "[[a|b" * n + "]]" * n,
    "labels in links": lambda n: "[[a" + "[b]" * n + "[[",
    "bold marks": lambda n: "a'''b ''c " * n,
    "an address": lambda n: "http://" + "a" * n + "\n" + "[http://a b" * n,
    "entities": lambda n: "&" * n + "&#" * n + "&amp" * n,
    "switches": lambda n: "__a" * n + "_" * n,
    "attributes": lambda n: "<ref " + "a=b " * n + "\n<div " + "a=b " * n,
    "tags in an open note": lambda n: "<ref><b>" * n,
    "rows of a table": lambda n: "\n{|\n" + "| a || b\n" * n,
}
CLOSERS = {"{{": "}}", "[[": "]]", "{|": "\n|}", "<r": "</ref>", "-{": "}-", "<n": "</nowiki>"}


def texts_of(wikitext: str) -> list[str]:
    return [text for part in parse(wikitext) for text in (part.title, *part.paragraphs)]


@settings(max_examples=300, deadline=None)
@given(MESS)
def test_no_mess_leaves_markup(mess):
    for text in texts_of(mess):
        assert not MARKUP.search(text) and text == text.strip(), (mess, text)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200))
def test_no_text_leaves_markup(text):
    for read in texts_of(text):
        assert not MARKUP.search(read), (text, read)


@settings(max_examples=100, deadline=None)
@given(MESS, MESS)
def test_a_plain_paragraph_survives_balanced_mess_around_it(before, after):
    prose = "The dog that nobody had seen before barked at the moon all night."
    swallowing = re.compile(r"<|\{|\}|\[|\]|=|--|\x1f|__")
    before, after = swallowing.sub("", before), swallowing.sub("", after)
    assert prose in texts_of(f"{before}\n\n{prose}\n\n{after}")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.from_regex(r"[A-Z][a-z]{2,9}( [a-z]{1,9}){1,8}[.!?]", fullmatch=True)))
def test_plain_paragraphs_stay_as_they_are(paragraphs):
    assert [
        text for part in parse("\n\n".join(paragraphs)) for text in part.paragraphs
    ] == paragraphs


def seconds(wikitext: str) -> float:
    start = time.process_time()
    parse(wikitext)
    return time.process_time() - start


def growth(make) -> float:
    """How many times as long the fourfold takes as the single text."""
    pairs = [(seconds(make(1)), seconds(make(4))) for _ in range(5)]
    return statistics.median(four for _, four in pairs) / statistics.median(one for one, _ in pairs)


@pytest.mark.parametrize("opener", OPENERS)
def test_openers_without_end_take_time_in_proportion(opener):
    # In proportion is 4, its square 16.
    assert growth(lambda times: f"{opener}a " * (2_500 * times)) < 8


@pytest.mark.parametrize("opener", OPENERS)
def test_nesting_takes_time_in_proportion(opener):
    closer = CLOSERS.get(opener.strip()[:2], ">" if opener[0] == "<" else "")
    assert growth(lambda times: opener * (2_500 * times) + "a" + closer * (2_500 * times)) < 8


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_chains_take_time_in_proportion(chain):
    assert growth(lambda times: chain(2_000 * times)) < 8
