"""A hundred thousand damaged pages: none makes the reader fail, leave markup, or hang.

DAMAGED_PAGES=1000 reads fewer. A variant is a whole page of the dump, or a part of it that begins
anywhere and is as long as DAMAGED_SIZE characters (20,000 unless said; 0 reads whole pages).
"""

import os
import random
import re
import time

import pytest
from gensim.test.utils import datapath

from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.page import parse_pages
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.wikitext import parse

ENGLISH = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
VARIANTS = int(os.environ.get("DAMAGED_PAGES", 100_000))
SIZE = int(os.environ.get("DAMAGED_SIZE", 20_000))
DEPTH = 10_000
MARKUP = re.compile(r"\{\{|}}|\[\[|]]|''|==|__|\||<[/!?a-zA-Z]|-\{|}-|[\x01-\x03\x1f]")
OPENERS = "{{ [[ \n{| <ref> '' <div> [http://a -{ <nowiki> <!-- <math> <table> ( {{lang|fr|".split(
    " "
)
# Of processor time; whole pages take a hundredth of this, and the worst mess a tenth. Time that
# grows with the square of the length takes more.
SECONDS_PER_MEGABYTE = 4.0


def flipped(page: str, chance: random.Random) -> str:
    """Changes bits of up to 50 bytes; what is no UTF-8 any more becomes U+FFFD."""
    data = bytearray(page.encode())
    for _ in range(chance.randint(1, 50)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data.decode(errors="replace")


def cut(page: str, chance: random.Random) -> str:
    """Takes pieces out, so that brackets lose their partners."""
    for _ in range(chance.randint(1, 20)):
        start = chance.randrange(len(page))
        page = page[:start] + page[start + chance.randint(1, 200) :]
        if not page:
            return ""
    return page


def nested(page: str, chance: random.Random) -> str:
    """Puts thousands of one opening mark into the page."""
    place, opener = chance.randrange(len(page)), chance.choice(OPENERS)
    return page[:place] + opener * chance.randint(100, DEPTH) + page[place:]


def seconds_per_megabyte(page: str, site: Site) -> float:
    """Measures the reading of a page; a short one counts as 10,000 characters.

    Measures again what seems slow: on a busy machine any page may seem so once.
    """
    rate = SECONDS_PER_MEGABYTE
    for _ in range(5):
        begin = time.process_time()
        parse(page, site)
        rate = min(rate, (time.process_time() - begin) / max(len(page), 10_000) * 1e6)
        if rate < SECONDS_PER_MEGABYTE / 4:
            break
    return rate


@pytest.mark.slow
def test_no_damaged_page_fails_leaves_markup_or_hangs():
    chance = random.Random(1)
    dump = Dump(ENGLISH)
    pages = [page.wikitext for chunk in dump.chunks() for page in parse_pages(chunk)]
    pages = [page for page in pages if len(page) > 1000]
    slowest = 0.0
    for number in range(VARIANTS):
        page = chance.choice(pages)
        if SIZE:
            start = chance.randrange(max(1, len(page) - SIZE))
            page = page[start : start + SIZE]
        for damage in (flipped, cut, nested)[: 1 + number % 3]:
            page = damage(page, chance) or "a"
        rate = seconds_per_megabyte(page, dump.site)
        slowest = max(slowest, rate)
        assert rate < SECONDS_PER_MEGABYTE, f"variant {number} takes {rate:.1f} s a megabyte"
        for section in parse(page, dump.site):
            for text in (section.title, *section.paragraphs):
                assert not MARKUP.search(text), (number, text)
    print(f"{VARIANTS} variants; the slowest took {slowest:.2f} s a megabyte")
