"""Tests of the way from wikitext to paragraphs."""

import pytest

from pipelines.wikipedia.article import Section
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.wikitext import HOLE, parse

CASES = {
    "a link shows its text": ("See [[dog|the dog]]s and [[cat]]s.", "See the dogs and cats."),
    "a file goes with the links in its caption": (
        "A[[File:a.jpg|thumb|A [[dog|big [[x]]]] {{lang|fr|b}}]] dog.",
        "A dog.",
    ),
    "an apostrophe beside a link is no mark": ("L'[[a|''Asse'']] e '[[b]]'.", "L'Asse e 'b'."),
    "a stop behind a link follows it": (
        "Rome.[[Milan]] is [[here]] , too.",
        "Rome. Milan is here, too.",
    ),
    "a category and a link to another language go": ("A.[[Category:B|c]][[fr:Chien]]", "A."),
    "a link to a category shows": ("See [[:Category:Dogs]].", "See Category:Dogs."),
    "an empty link text is the title without its parenthesis": ("[[Java (island)|]].", "Java."),
    "an external link shows its text": ("See [http://a.org/b the page].", "See the page."),
    "an external link without text goes": ("See this [http://a.org/b].", "See this."),
    "notes go": (
        'One<ref name="a">Two [[b]]</ref>, three<ref name="a"/> four.',
        "One, three four.",
    ),
    "a note left open takes its line, not the text up to the next note": (
        "A cat.<ref>lost\n\nA dog.<ref>note</ref>",
        f"A cat. {HOLE}\n\nA dog.",
    ),
    "comments go, also over lines": ("A<!-- b\n\n{{c -->, d.", "A, d."),
    "an unclosed comment goes to the end": ("A dog.<!-- b\n\nc", "A dog."),
    "bold and italic marks go": ("'''''A''' dog'' is '''not''' ''it''.", "A dog is not it."),
    "an apostrophe after italics stays": ("''Titanic'''s captain.", "Titanic's captain."),
    "an apostrophe before italics stays": ("L'''amour'' est.", "L'amour est."),
    "headings, lists, rules and tables go": (
        "== H ==\nText.\n* item\n# item\n; term\n: def\n----\n{|\n| a\n{|\n| b\n|}\n|}\nMore.",
        "Text.\n\nMore.",
    ),
    "list items and indented lines that are sentences are paragraphs": (
        "* The dog barks at the moon.\n* the moon\n** A short one.\n: ''He said that he would.''\n"
        " This line is indented by mistake.\n# Hu, J. The dog. London, 1990. ISBN 1-23456.",
        "The dog barks at the moon.\n\nHe said that he would.\n\nThis line is indented by mistake.",
    ),
    "a click begins a sentence": (
        "!Kung is spoken by many people.",
        "!Kung is spoken by many people.",
    ),
    "a table left open keeps the prose behind it": (
        "{|\n! a\n| b || c\n|-\n\nThe dog barks.",
        "The dog barks.",
    ),
    "what is left of a formula is no paragraph": ("<math>x</math>.\n\nA dog.", "A dog."),
    "poems, rubies and lists in HTML": (
        "<poem>The cat\nsat.</poem><ul><li>The dog barked at night.</li><li>x</li></ul>"
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字 is read.",
        "The cat sat.\n\nThe dog barked at night.\n\n漢字 is read.",
    ),
    "nowiki text is text": ("<nowiki>[a] 'b' &amp;</nowiki> d<nowiki/>e.", "[a] 'b' & de."),
    "nowiki text that looks like markup is a hole": (
        "A <nowiki>[[a]]</nowiki>.",
        f"A {HOLE}a{HOLE}.",
    ),
    "entities are characters": ("A&nbsp;&lt;&ndash;&eacute; &#65;.", "A <–é A."),
    "switches go": ("__NOTOC__A dog.", "A dog."),
    "line breaks are spaces": ("a<br/>b<BR>c", "a b c"),
    "tags go and their text stays": ("H<sub>2</sub>O <small>is</small> wet.", "H2O is wet."),
    "an ordinal stays": ("The 5<sup>th</sup> dog.", "The 5th dog."),
    "a power is not lost": ("It is 10<sup>5</sup> m<sup>2</sup>.", "It is 10⁵ m²."),
    "a raised word is a hole": ("Let e<sup>a note</sup> be.", f"Let e{HOLE} be."),
    "a formula is a hole": ("Let <math>x^2</math> be.", f"Let {HOLE} be."),
    "a quotation is a paragraph": (
        "He said: {{quote|No [[way|w]].}} She left.",
        "He said:\n\nNo w.\n\nShe left.",
    ),
    "a box goes": ("{{Infobox dog|a={{b|c}}\n| d = [[e]]\n}}\nA dog.", "A dog."),
    "an unknown template before the first word goes": ("{{What|a}}'''A''' dog.", "A dog."),
    "an unknown template after a word goes": ("A dog.{{what|a}} It,{{hm}} too.", "A dog. It, too."),
    "an unknown template between words is a hole": ("A {{what|a}} dog.", f"A {HOLE} dog."),
    "a parenthesis with a hole goes": ("A dog ({{IPAc-en|d}}; [[a]]) is.", "A dog is."),
    "an empty parenthesis goes": ("A dog ({{citation needed}}, <ref>b</ref>) is ( ).", "A dog is."),
    "separators left at the ends of a parenthesis go": (
        "A ({{cn}}; born 1950, {{cn}}) dog.",
        "A (born 1950) dog.",
    ),
    "a missing space after a note's sentence is mended": (
        "The south.<ref/>Southern.",
        "The south. Southern.",
    ),
    "an unclosed template is a hole": ("A {{what dog.", f"A {HOLE}what dog."),
    "stray brackets are holes": ("A ]] dog }}.", f"A {HOLE} dog {HOLE}."),
    "quantities are written out": (
        "{{convert|52419|sqmi|km2|sp=us}}, {{convert|5|-|10|ft|m}}, {{convert|1|km|mi}}, "
        "a {{convert|3|m|adj=on}} dog, {{convert|5|km2|abbr=on}}, {{cvt|-2|F}}.",
        "52,419 square miles, 5–10 feet, 1 kilometre, a 3-metre dog, 5 km², −2 °F.",
    ),
    "foreign words show": ("''{{lang|fr|[[a|mot]]}}'' {{transl|ar|ALA|b}}.", "mot b."),
    "sections of references go with the sections in them": (
        "A.\n== See also ==\nB.\n=== C ===\nD.\n== E ==\nF.",
        "A.\n\nF.",
    ),
}


def text_of(wikitext: str, site: Site = Site()) -> str:
    return "\n\n".join(text for section in parse(wikitext, site) for text in section.paragraphs)


@pytest.mark.parametrize("wikitext, wanted", CASES.values(), ids=CASES)
def test_wikitext_becomes_clean_text(wikitext, wanted):
    assert text_of(wikitext).replace("\u2060", "") == wanted


def test_sections_have_titles_and_levels_and_the_lead_comes_first():
    wikitext = "A.\n== ''B'' ==\n=== C===\nD.\n== Lists ==\n* e\n== References ==\nF.\n==G==\nH."
    assert parse(wikitext) == [
        Section("", 1, ["A."]),
        Section("B", 2, []),
        Section("C", 3, ["D."]),
        Section("G", 2, ["H."]),
    ]


def test_a_heading_in_what_is_left_open_before_it_is_a_heading():
    assert parse("It is {{nowrap|\n== B ==\nC.}}") == [
        Section("", 1, ["It is"]),
        Section("B", 2, ["C."]),
    ]


def test_lines_of_a_paragraph_are_joined():
    assert text_of("A\nb.\n\n\nC\nd.\n") == "A b.\n\nC d."
