"""What a template leaves in running text: nothing, a text that can be known, or a hole."""

import functools

from pipelines.wikipedia.arguments import read_arguments
from pipelines.wikipedia.local_templates import LOCAL
from pipelines.wikipedia.marks import HOLE
from pipelines.wikipedia.template_names import (
    CHARACTERS,
    QUOTATIONS,
    SHOWN,
    SILENT,
    SILENT_BEGINNINGS,
)
from pipelines.wikipedia.template_rules import RULES, Rule, in_language, quotation, shown

LONGEST_NAME = 80


def expand(inside: str, language: str = "en") -> str:
    """Returns the text for a template, given what stands between its braces.

    expand("lang|fr|mot") -> "mot"; expand("citation needed|date=May 2015") -> "";
    expand("convert|5|km") -> "5 kilometres"; expand("pop density|3|4") -> HOLE
    """
    name, _, arguments = inside.partition("|")
    if len(name) > LONGEST_NAME:
        return HOLE
    fixed, rule = _knowledge(name, language)
    # Arguments are read only for a rule that needs them: boxes have dozens.
    text = rule(*read_arguments(arguments)) if rule else fixed
    return HOLE if text is None else text


@functools.lru_cache(maxsize=10_000)
def _knowledge(written: str, language: str) -> tuple[str | None, Rule | None]:
    """Finds what a template of this name leaves on the wiki of this language, or its rule."""
    name = " ".join(written.replace("_", " ").split()).lower()
    rule = LOCAL.get(language.partition("-")[0], {}).get(name) or RULES.get(name) or _shared(name)
    return (None, rule) if rule else (_fixed(name, written), None)


def _shared(name: str) -> Rule | None:
    """Finds the rule that one name shares with many."""
    if name in QUOTATIONS:
        return quotation
    if name in SHOWN:
        return shown(SHOWN[name])
    return in_language(name.removeprefix("lang-")) if name.startswith("lang-") else None


def _fixed(name: str, written: str) -> str | None:
    """Finds the text that does not depend on the arguments, if the name tells it."""
    function, colon, argument = written.partition(":")
    if colon and function.strip().lower() == "formatnum":
        return argument.strip()
    if name in SILENT or name.startswith(SILENT_BEGINNINGS):
        return ""
    return CHARACTERS.get(name)
