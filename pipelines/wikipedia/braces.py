"""Templates of a page, nested as they come, and what their place says of the unknown ones."""

import re

from pipelines.wikipedia.marks import GONE, HOLE, UNKNOWN
from pipelines.wikipedia.nesting import replace_nested
from pipelines.wikipedia.templates import expand

INNERMOST = re.compile(r"\{\{([^{}]*+)\}\}")
DEEPEST = 8  # few pages nest deeper; what is left takes the slow way
# A box: alone on its line, or before a first word.
BOX = re.compile(r"\x03(?<=[\n\x01]\x03)[\x03\x01 \t]*+(?=\n|['\"\[]*+[^\W\d_a-z])")
# A note: after a word, without a space.
NOTE = re.compile(r"\x03(?<=[^\W\d_\x03]\x03|[.,;:!?\"')\]\x01]\x03)\x03*+(?=[\s.,;:)\x01])")


def replace_templates(text: str, language: str = "en") -> str:
    """Replaces every template by what it leaves: "{{box}}\nA {{lang|fr|mot}}." -> "\nA mot."."""
    if "{{" not in text and "}}" not in text:
        return text

    def shown(inside: str) -> str:
        text = expand(inside, language)
        if text == HOLE and HOLE not in inside:
            return UNKNOWN
        return text or GONE

    for _ in range(DEEPEST):
        text, replaced = INNERMOST.subn(lambda found: shown(found[1]), text)
        if not replaced:
            break
    if "{{" in text or "}}" in text:
        text = replace_nested(text, ("{{", "}}"), shown, unpaired=HOLE)
    if UNKNOWN not in text:
        return text
    return NOTE.sub("", BOX.sub("", text)).replace(UNKNOWN, HOLE)
