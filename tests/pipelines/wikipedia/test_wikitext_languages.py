"""Tests of what differs between the Wikipedias: names, marks, templates, ends of articles."""

import pytest

from pipelines.wikipedia.site import ENGLISH, Site
from pipelines.wikipedia.wikitext import parse

GERMAN = Site("de", {**ENGLISH, 6: "Datei", 14: "Kategorie"})
ITALIAN = Site("it", {**ENGLISH, 6: "File", 14: "Categoria"})
RUSSIAN = Site("ru", {**ENGLISH, 6: "Файл", 14: "Категория"})
CASES = {
    "a file by its local name": (
        GERMAN,
        "Ein [[Datei:a.jpg|mini|Ein [[Hund]]]] Hund.",
        "Ein Hund.",
    ),
    "a file by an older name": (GERMAN, "[[Bild:a.jpg|Ein Hund.]]Ein Hund.", "Ein Hund."),
    "a file by its English name": (RUSSIAN, "[[File:a.jpg|Собака.]] Собака лает.", "Собака лает."),
    "a file in another script": (RUSSIAN, "[[Файл:a.jpg|мини]]Собака лает.", "Собака лает."),
    "a category by its local name": (ITALIAN, "Un cane.\n[[Categoria:Cani]]", "Un cane."),
    "what is no file elsewhere": (Site(), "See [[Datei:a|a]].", "See a."),
    "a link to another wiki is text": (Site(), "See [[wikt:dog|dog]].", "See dog."),
    "a link to a language by a colon is text": (Site(), "See [[:fr:Chien|chien]].", "See chien."),
    "a language in the margin is none": (
        Site(),
        "A dog.\n[[zh-min-nan:Káu]]\n[[fr:Chien]]",
        "A dog.",
    ),
    "a title with a colon": (
        Site(),
        "[[Star Wars: A]], [[Is: B]], [[2001: C]].",
        "Star Wars: A, Is: B, 2001: C.",
    ),
    "a switch in Chinese": (Site("zh"), "__無目次__狗叫。", "狗叫。"),
    "a switch in German": (GERMAN, "__KEIN_INHALTSVERZEICHNIS__Ein Hund.", "Ein Hund."),
    "two scripts": (Site("zh"), "-{zh-hans:计算机; zh-hant:電腦}-和-{狗}-。", "计算机和狗。"),
    "a rule for the page shows nothing": (Site("zh"), "-{H|zh-cn:狗;zh-tw:犬}-狗叫。", "狗叫。"),
    "a rule that is shown": (Site("sr"), "-{A|sr-ec:пас; sr-el:pas}- лаје.", "пас лаје."),
    "a full stop in Chinese ends an item": (
        Site("zh"),
        "*狗在夜里对着月亮叫了很久很久。\n*狗",
        "狗在夜里对着月亮叫了很久很久。",
    ),
    "joiners shape letters and stay": (Site("fa"), "می\u200cخواهم سگ\u200f.", "می\u200cخواهم سگ."),
    "the space before marks in French": (
        Site("fr"),
        "Un chien&nbsp;: lui&nbsp;!",
        "Un chien : lui !",
    ),
    "a century in French": (Site("fr"), "Au {{s|XIX|e}}, un chien.", "Au XIXe siècle, un chien."),
    "a stub in Italian": (ITALIAN, "{{S|cani}}\nUn cane.", "Un cane."),
    "a quotation in French": (Site("fr"), "Il dit {{citation|non}}.", "Il dit « non »."),
    "a sort key in German": (GERMAN, "Ein Hund.\n{{SORTIERUNG:Hund}}", "Ein Hund."),
    "an ordinal in French": (
        Site("fr"),
        "Le 1<sup>er</sup> chien de M<sup>me</sup> A.",
        "Le 1er chien de Mme A.",
    ),
}


@pytest.mark.parametrize("site, wikitext, wanted", CASES.values(), ids=CASES)
def test_a_page_reads_as_on_its_own_wiki(site, wikitext, wanted):
    assert "\n\n".join(text for part in parse(wikitext, site) for text in part.paragraphs) == wanted


@pytest.mark.parametrize(
    "language, title",
    [
        ("en", "See also"),
        ("it", "Voci correlate"),
        ("de", "Einzelnachweise"),
        ("fr", "Notes et références"),
        ("es", "Véase también"),
        ("pt", "Ligações externas"),
        ("nl", "Zie ook"),
        ("ja", "References"),
    ],
)
def test_end_matter_goes_by_its_title_in_the_language(language, title):
    parts = parse(
        f"A.\n== B ==\nC.\n== ''{title}'' ==\nD.\n=== E ===\nF.\n== G ==\nH.", Site(language)
    )
    assert [part.title for part in parts] == ["", "B", "G"]


def test_a_title_that_ends_articles_elsewhere_is_a_section_here():
    assert [part.title for part in parse("A.\n== Literatur ==\nB.")] == ["", "Literatur"]
