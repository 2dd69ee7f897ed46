"""A report as one HTML page that needs no other file."""

from xml.etree.ElementTree import Element, tostring

from seq2seq.report.elements import element, note
from seq2seq.report.sections import SECTIONS

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --ground: #ffffff; --soft: #5b6570;
  --line: #d9dee3; --mark: #ffe08a; --shade: #2b6bd9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --ground: #14171a;
  --soft: #9aa5b1; --line: #343a40; --mark: #6b5200; --shade: #6ea1ff; } }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: var(--ink);
  background: var(--ground); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
a { color: var(--shade); } nav a { margin-right: 1rem; }
.note { color: var(--soft); } .wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.92rem; }
th, td { text-align: start; vertical-align: top; padding: 0.3rem 0.7rem;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; } .figure { text-align: end; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
mark { background: var(--mark); color: inherit; } figure { margin-inline: 0; }
.bar { display: inline-block; width: 16rem; } .bar i { display: block; height: 0.8rem;
  background: var(--shade); }
svg { display: block; }
"""


def page(report: dict) -> str:
    """Writes a report's data, {"title": text, "sections": {name: what it found}}, as a page.

    Nothing but the data goes in, so the page and the JSON have the same numbers.
    """
    title, found = report["title"], report["sections"]
    sections = {name: section for name, section in SECTIONS.items() if name in found}
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", STYLE),
    )
    links = (element("a", each.title, href=f"#{name}") for name, each in sections.items())
    parts = (_section(name, found[name]) for name in sections)
    body = element("body", element("h1", title), element("nav", *links), *parts)
    whole = element("html", head, body, lang="en")
    return f"<!DOCTYPE html>\n{tostring(whole, encoding='unicode', method='html')}\n"


def _section(name: str, found: dict) -> Element:
    section = SECTIONS[name]
    head = element("h2", section.title), note(section.about)
    return element("section", *head, *section.show(found), id=name)
