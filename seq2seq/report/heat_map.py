"""Attention as a picture, by matplotlib where it is installed (the extra "report")."""

import importlib.util
import io
import warnings
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

PACKAGE = "matplotlib"
INCH = 0.22  # a cell's side
# Colours of a page are its own business: these are replaced by those of the text around.
INK = "#010203"
SHADE = 0.17, 0.42, 0.85


def can_draw() -> bool:
    """Says whether matplotlib is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def heat_map(source: Sequence[str], target: Sequence[str], weights, name: str) -> Element:
    """Draws weights [T, S] -> an <svg>, the darker the larger, on any ground.

    Args:
        name: of the picture among those of a page.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    clear = LinearSegmentedColormap.from_list("shade", [(*SHADE, 0.0), (*SHADE, 1.0)])
    style: Any = dict.fromkeys(("text.color", "xtick.color", "ytick.color", "axes.edgecolor"), INK)
    style |= {"svg.fonttype": "none", "svg.hashsalt": name, "text.parse_math": False}
    with rc_context(style), warnings.catch_warnings():
        # Browsers write the text, in fonts of their own.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        drawing = Figure(figsize=(INCH * len(source) + 0.1, INCH * len(target) + 0.1))
        FigureCanvasSVG(drawing)
        axes = drawing.add_axes((0, 0, 1, 1))
        axes.imshow(weights, cmap=clear, vmin=0.0, vmax=1.0, interpolation="none", aspect="auto")
        axes.set_xticks(range(len(source)), source, rotation=90)
        axes.set_yticks(range(len(target)), target)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelsize=9)
        written = io.BytesIO()
        drawing.savefig(
            written, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None}
        )
    return _inline(written.getvalue(), name)


def _inline(svg: bytes, name: str) -> Element:
    """Makes matplotlib's file an element of a page."""
    root = ElementTree.fromstring(svg.replace(INK.encode(), b"currentColor"))
    for each in list(root.iter()):
        each.tag = each.tag.rpartition("}")[2]
        # In a page, links and names have no prefixes, and the names of groups mean nothing.
        given = {key.rpartition("}")[2]: value for key, value in each.attrib.items()}
        if each.tag == "g":
            given.pop("id", None)
        each.attrib.clear()
        each.attrib.update(given)
        for child in [child for child in each if child.tag.endswith("}metadata")]:
            each.remove(child)
    root.attrib.update({"role": "img", "aria-label": f"attention, {name}"})
    return root
