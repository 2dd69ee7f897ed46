"""Pairs of brackets inside pairs of brackets, in one pass over the text."""

import re
from collections.abc import Callable

Replace = Callable[[str], str]


def cut_nested(text: str, brackets: re.Pattern[str], left: str) -> str:
    """Cuts out what stands between brackets that pair up, brackets included; `left` stays there.

    Group 1 of `brackets` is an opening bracket, and every other match a closing one. A bracket
    without its partner stays, and cuts nothing.

    cut_nested("a(b(c)d)e)", re.compile(r"(\\()|\\)"), "-") -> "a-e)"
    """
    opened: list[int] = []
    cuts: list[tuple[int, int]] = []
    for found in brackets.finditer(text):
        if found[1]:
            opened.append(found.start())
        elif opened:
            start = opened.pop()
            while cuts and cuts[-1][0] > start:
                cuts.pop()
            cuts.append((start, found.end()))
    parts, position = [], 0
    for start, end in cuts:
        parts += [text[position:start], left]
        position = end
    return "".join([*parts, text[position:]])


def replace_nested(
    text: str, brackets: tuple[str, str], replace: Replace, unpaired: str, most: int = 2_000
) -> str:
    """Replaces what stands between two brackets by what `replace` makes of it, inner pairs first.

    A bracket without its partner becomes `unpaired`. So does a pair that holds more than `most`
    characters: text that stays counts again for every pair around it, and the time must not grow
    faster than the text.

    replace_nested("a[b[c]]", ("[", "]"), str.upper, "") -> "aBC"
    """
    opening, closing = brackets
    frames: list[list[str]] = [[]]
    position = 0
    for found in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        frames[-1].append(text[position : found.start()])
        position = found.end()
        if found[0] == opening:
            frames.append([])
        elif len(frames) > 1:
            inside = "".join(frames.pop())
            frames[-1].append(replace(inside) if len(inside) <= most else unpaired)
        else:
            frames[-1].append(unpaired)
    frames[-1].append(text[position:])
    return unpaired.join("".join(parts) for parts in frames)
