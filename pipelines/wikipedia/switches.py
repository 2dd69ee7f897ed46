"""Switches such as __NOTOC__ and the variants of languages written in two scripts."""

import re

SWITCH = re.compile(r"__(?!_)(\w{2,60}?)__(?!_)")
VARIANTS = re.compile(r"-\{([^{}]*+)\}-")
FLAGS = re.compile(r"\s*([A-Za-z;\s-]*)\|")
# Rules for the rest of the page, titles and descriptions show nothing.
SILENT_FLAGS = frozenset("HTD-")
CODE = re.compile(r"\s*[a-z]{2,3}(?:-[a-z]{2,8})?\s*:")


def remove_switches(text: str) -> str:
    """Removes switches of any language: "__NOTOC__A dog" -> "A dog"; "__init__" is none."""
    return SWITCH.sub(_switch, text) if "_" in text else text


def _switch(found: re.Match[str]) -> str:
    return "" if found[1] == found[1].upper() else found[0]


def choose_variants(text: str) -> str:
    """Shows the first variant: "-{zh-hans:计算机; zh-hant:電腦}-" -> "计算机".

    https://www.mediawiki.org/wiki/Writing_systems/Syntax
    """
    return VARIANTS.sub(_variant, text) if "{" in text else text


def _variant(found: re.Match[str]) -> str:
    flags = FLAGS.match(found[1])
    rule = found[1]
    if flags:
        if SILENT_FLAGS.intersection(flags[1].upper()) and "A" not in flags[1].upper():
            return ""
        rule = rule[flags.end() :]
    if "=>" in rule:
        rule = rule.partition("=>")[2]
    code = CODE.match(rule)
    return rule[code.end() :].partition(";")[0].strip() if code else rule
