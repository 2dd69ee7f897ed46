"""Templates of a page, nested as they come, and what their place says of the unknown ones."""

import re

from pipelines.wikipedia.marks import GONE, HOLE, UNKNOWN
from pipelines.wikipedia.nesting import replace_nested
from pipelines.wikipedia.templates import expand

INNERMOST = re.compile(r"\{\{([^{}]*+)\}\}")
DEEPEST = 8  # few pages nest deeper; what is left takes the slow way
RUN = re.compile(r"\x03[\x03\x01 \t]*+")
FIRST_WORD = re.compile(r"['\"\[]{0,9}[^\W\d_a-z]|\n")


def replace_templates(text: str, language: str = "en") -> str:
    """Replaces every template by what it leaves: "{{box}}\nA {{lang|fr|mot}}." -> "\nA mot."."""
    if "{" not in text and "}" not in text:  # faster than to look for two
        return text

    def shown(inside: str) -> str:
        text = expand(inside, language)
        if text == HOLE and HOLE not in inside:
            return UNKNOWN
        return text or GONE

    for _ in range(DEEPEST):
        text, replaced = INNERMOST.subn(lambda found: shown(found[1]), text)
        if not replaced or "{" not in text:
            break
    if "{" in text or "}" in text:
        text = replace_nested(text, ("{{", "}}"), shown, unpaired=HOLE)
    return RUN.sub(_placed, text) if UNKNOWN in text else text


def _placed(found: re.Match[str]) -> str:
    """Tells by their place what unknown templates are that stand together.

    A box: alone on its line, or before a first word. A note: after a word, without a space, and
    not before another. Anything else is read, so it leaves a hole.
    """
    before = found.string[found.start() - 1]
    run = found[0].rstrip(" \t")
    space = found[0][len(run) :]
    if before in (GONE, "\n") and FIRST_WORD.match(found.string, found.end()):
        return GONE
    after = space or found.string[found.end() : found.end() + 1]
    if (before.isalpha() or before in ".,;:!?\"')]") and after[:1] in " \t\n.,;:)":
        return GONE + space
    return HOLE + space
