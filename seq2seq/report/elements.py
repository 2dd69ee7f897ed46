"""Elements of an HTML page, so that no text can be taken for markup."""

import re
from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element

# What no page may hold: control characters, and halves of surrogate pairs.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Child = Element | str


def element(tag: str, *children: Child, **attributes: str) -> Element:
    """Makes an element of texts and elements.

    element("p", "1 < 2, ", element("b", "always"), class_="note") is, written out,
    <p class="note">1 &lt; 2, <b>always</b></p>.
    """
    named = {name.rstrip("_"): _clean(value) for name, value in attributes.items()}
    made = Element(tag, named)
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + _clean(child)
        else:
            made.text = (made.text or "") + _clean(child)
    return made


def table(head: Iterable[str], rows: Iterable[Iterable[Child]]) -> Element:
    """Makes a table that scrolls by itself where it is wider than the page.

    Cells of figures, such as "12.3 %", stand at the right.
    """
    names = element("tr", *(element("th", name) for name in head))
    body = (element("tr", *map(_cell, row)) for row in rows)
    whole = element("table", element("thead", names), element("tbody", *body))
    return element("div", whole, class_="wide")


def listing(columns: Mapping[str, str], rows: Sequence[Mapping]) -> Element:
    """Makes a table of sentences: of each row, the entries that `columns` names, with their heads.

    Numbers are written as figures, lists joined, and text may be of any language.
    """
    return table(columns.values(), ([_entry(row[name]) for name in columns] for row in rows))


def note(*children: Child) -> Element:
    """Makes a paragraph that is set back."""
    return element("p", *children, class_="note")


def bar(share: float) -> Element:
    """Makes a bar that fills a share, 0 to 1, of its cell."""
    filled = element("i", style=f"width:{100 * min(max(share, 0.0), 1.0):.1f}%")
    return element("span", filled, class_="bar")


def text_cell(text: str) -> Element:
    """Makes a cell of text in any language and direction."""
    return element("td", text, dir="auto")


def figure(value: float | None, digits: int = 2) -> str:
    """Writes a number, or a dash for none: 0.5 -> "0.50"."""
    return "–" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """Writes a percentage, or a dash for none: 12.34 -> "12.3 %"."""
    return "–" if value is None else f"{value:.1f} %"


def _entry(value) -> Element:
    if isinstance(value, (int, float)):
        said = f"{value:,}" if isinstance(value, int) else figure(value)
        return element("td", said, class_="figure")
    return text_cell(value if isinstance(value, str) else " ".join(value))


def _cell(child: Child) -> Element:
    if isinstance(child, Element):
        return child if child.tag == "td" else element("td", child)
    is_figure = re.fullmatch(r"[-+–]?[\d.,]*( %)?", child)
    return element("td", child, class_="figure") if is_figure else element("td", child)


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
