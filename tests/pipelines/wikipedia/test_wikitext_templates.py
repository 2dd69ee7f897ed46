"""Tests of the text that templates leave."""

import pytest

from pipelines.wikipedia.templates import HOLE, expand

CASES = {
    "convert|22|e6acre|km2": "22 million acres",
    "convert|1|oilbbl": "1 barrel",
    "convert|2.3|Moilbbl/d": "2.3 million barrels per day",
    "convert|5|m3|cuft|abbr=on": "5 m³",
    "convert|60|and(-)|80|kg|lb": "60 and 80 kilograms",
    "convert|5|km|mi|disp=or": "5 kilometres",
    "convert|5|km|mi|order=flip": HOLE,
    "convert|5|blobs": HOLE,
    "as of|2013|6|30": "As of 30 June 2013",
    "as of|2013|lc=y": "as of 2013",
    "as of|2013|6|df=US|since=y": "Since June 2013",
    "chem|H|3|O|+": "H3O⁺",
    "nihongo|'''health'''|元気|genki": "'''health''' (元気, genki)",
    "nihongo||元気|genki": "元気, genki",
    "frac|1|2": "1/2",
    "frac|3|1|2": "3 1/2",
    "val|5.98|e=24|u=kg": "5.98×10²⁴ kg",
    "val|1.5|(7)": "1.5(7)",
    "val|1.5|0.1|0.2": HOLE,
    "e|-20": "×10⁻²⁰",
    "USS|Hornet|CV-12": "USS Hornet (CV-12)",
    "lang-ru|слово": "Russian: слово",
    "lang-ru|слово|label=none": "слово",
    "lang-xx|a": HOLE,
    "sic": "[sic]",
    "sic|occured": "occured [sic]",
    "sic|hide=y|occured": "occured",
    "citation needed span|text=It barks.": "It barks.",
    "Citation_needed|date=May": "",
    "nowrap|1=a = b": "a = b",
    "lang|fr|[[a|mot]]": "[[a|mot]]",
    "formatnum: 5000 ": "5000",
    "PAGENAME": HOLE,
    "": HOLE,
}


@pytest.mark.parametrize("inside", CASES)
def test_a_template_leaves_its_text(inside):
    assert expand(inside) == CASES[inside]


def test_a_name_means_what_its_wiki_says():
    assert (expand("s|XIX|e", "fr"), expand("s|cani", "it")) == ("XIXe siècle", "")
    assert (expand("M|2,5||km", "it"), expand("unité|10|km", "fr")) == ("2,5 km", "10 km")
    assert (expand("siglo|XIX", "es"), expand("siglo|XIX||s", "es")) == ("siglo XIX", "siglo XIX")


def test_no_number_of_names_fills_the_memory():
    for number in range(20_000):
        expand(f"name {number}|a")
    assert expand("x" * 1000) == HOLE
