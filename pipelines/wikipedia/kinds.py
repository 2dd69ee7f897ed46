"""Tells articles from everything else that a dump holds."""

import functools
import re
from typing import Literal, get_args

from pipelines.wikipedia.page import WIKITEXT, Page
from pipelines.wikipedia.site import Site

Kind = Literal[
    "article", "redirect", "disambiguation", "other namespace", "not wikitext", "without text"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Names of templates, in lower case, by which wikis mark a page that only lists meanings.
NAMES = """
    disambiguation; disambig; disamb; disam; dab; disambiguation page; hndis; geodis; hospdis;
    schooldis; mathdab; numberdis; roaddis; tndis; letter-numbercombdisambig; shipindex;
    begriffsklärung; homonymie; internationalisation; patronymie; toponymie; paronymie;
    homonymie de toponyme; homonymie de localités; homonymie de personnes;
    desambiguación; desambiguacion; desambiguação; desambig; disambigua; disambigua2;
    dp; dpintro; doorverwijspagina; förgrening; gren; peker; pekerside; flertydig; fleirtyding;
    täsmennyssivu; ujednoznacznienie; неоднозначность; многозначность; багатозначність;
    неоднозначність; неадназначнасць; rozcestník; rozlišovacia stránka; egyért;
    egyértelműsítő lap; dezambiguizare; anlam ayrımı; anlamayrımı; aimai; 曖昧さ回避; 人名の曖昧さ回避;
    地名の曖昧さ回避; 消歧义; 消歧義; 消歧义页; 消歧義頁; 동음이의; 동명이인; 동음이의어 문서; توضيح; صفحة توضيح;
    ابهام‌زدایی; ابهام زدایی; פירושונים; αποσαφήνιση; пояснение; вишезначна одредница;
    višeznačna odrednica; вишезначна; razdvojba; desambiguació; argipen; trang định hướng;
    định hướng; disambiguasi; nyahkekaburan; apartigilo; täpsustuslehekülg; täpsustus;
    nuorodinis; razločitev; homónimos; बहुविकल्पी शब्द; बहुविकल्पी; দ্ব্যর্থতা নিরসন; แก้กำกวม;
    แก้ความกำกวม;
    բազմիմաստություն; მრავალმნიშვნელოვანი; nozīmju atdalīšana; discretiva; aðgreining;
    gwahaniaethu; kthjellim; dubbelsinnig; айрық; појаснување
"""
TEMPLATES = frozenset(name.strip() for name in NAMES.split(";"))
TEMPLATE = re.compile(r"\{\{\s*+([^|{}<>\[\]]{2,60}+)\s*+[|}]")
# "School disambiguation", "Airport disambiguation" ...
SPECIAL = re.compile(r"[\w -]+ (?:disambiguation|disambig)")
SWITCH = "__DISAMBIG__"
WORDS = (
    "disambiguation|disambiguation pages?|desambiguación|desambiguação|disambigua|homonymie|"
    "begriffsklärung|doorverwijspagina|ujednoznacznienie|rozcestník|значения|значення|"
    "曖昧さ回避|消歧义|消歧義"
)
TITLE = re.compile(rf".*\((?:{WORDS})\)", re.IGNORECASE)


def kind(page: Page, site: Site = Site()) -> Kind:
    """Says what a page is.

    "disambiguation" is told by the template, category or magic word of the main languages.
    """
    if page.namespace:
        return "other namespace"
    if page.redirect is not None:
        return "redirect"
    if page.model != WIKITEXT:
        return "not wikitext"
    if not page.wikitext.strip():
        return "without text"
    return "disambiguation" if _lists_meanings(page, site) else "article"


def _lists_meanings(page: Page, site: Site) -> bool:
    if TITLE.fullmatch(page.title) or SWITCH in page.wikitext:
        return True
    if any(map(_marks_meanings, set(TEMPLATE.findall(page.wikitext)))):
        return True
    return _category(site).search(page.wikitext) is not None


@functools.lru_cache(maxsize=10_000)
def _marks_meanings(written: str) -> bool:
    name = written.replace("_", " ").rstrip().lower()
    return name in TEMPLATES or SPECIAL.fullmatch(name) is not None


@functools.cache
def _category(site: Site) -> re.Pattern[str]:
    """Finds a category of such pages: [[Category:Human name disambiguation pages]]."""
    names = "|".join(map(re.escape, sorted(site.prefixes(14))))
    before = rf"\[\[\s*(?:{names})\s*:(?:[^\]|\n]* )?"
    return re.compile(rf"{before}(?:{WORDS})\s*[\]|]", re.IGNORECASE)
