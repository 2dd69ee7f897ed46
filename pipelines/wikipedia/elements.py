"""Replaces elements such as <math>...</math>, contents included, in one pass over the text."""

import functools
import re
from collections.abc import Callable

Replace = Callable[[str], str]


def replace_elements(text: str, replace: dict[str, Replace]) -> str:
    """Replaces each named element by what its function makes of its contents.

    An element ends at the first end tag of its name; one that never ends is left as it is. Names
    are lower case, tags may be in any case, and <name/> is an element without contents.

    replace_elements("a<i>b</i>c<i/>", {"i": str.upper}) -> "aBc"
    """
    parts, position = [], 0
    endless: set[str] = set()
    for found in _opening(tuple(replace)).finditer(text):
        name = found[1].lower()
        if found.start() < position or name in endless:
            continue
        end = found if found[2] else _closing(name).search(text, found.end())
        if end is None:
            # Looking for the end of each of many would take the square of the text's length.
            endless.add(name)
            continue
        inside = "" if found[2] else text[found.end() : end.start()]
        parts += [text[position : found.start()], replace[name](inside)]
        position = end.end()
    return "".join([*parts, text[position:]])


@functools.cache
def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"<({'|'.join(names)})\b(?:[^<>/]|/(?!>))*(/?)>", re.IGNORECASE)


@functools.cache
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>", re.IGNORECASE)
