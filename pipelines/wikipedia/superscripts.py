"""Exponents written with the characters there are for them."""

from pipelines.wikipedia.marks import HOLE

_BELOW = "0123456789+-−–=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW"
_ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ"
ABOVE = dict(zip(_BELOW, _ABOVE))
LONGEST = 6  # more is a text above the line


def superscript(exponent: str) -> str:
    """Raises an exponent: "-5" -> "⁻⁵"; what has no such characters becomes a hole."""
    if len(exponent) > LONGEST or not all(mark in ABOVE for mark in exponent):
        return HOLE
    return "".join(ABOVE[mark] for mark in exponent)
