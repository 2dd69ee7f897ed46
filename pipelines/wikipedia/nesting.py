"""Replaces nested pairs of brackets from the inside out, in one pass over the text."""

import re
from collections.abc import Callable

Replace = Callable[[str], str]


def replace_nested(
    text: str,
    brackets: re.Pattern[str],
    replace: dict[str, tuple[str, Replace]],
    unclosed: str,
) -> str:
    """Replaces what stands between opening and closing brackets, inner pairs first.

    `brackets` finds every bracket in one group (space before it goes with it); `replace` maps an
    opening bracket to its closing one and to the function for what stands between. A closing
    bracket without an opening one, and an opening one without a closing one, become `unclosed`.

    replace_nested("a[b[c]]", re.compile(r"([][])"), {"[": ("]", str.upper)}, "") -> "aBC"
    """
    closing = {close for close, _ in replace.values()}
    frames: list[tuple[str, list[str]]] = [("", [])]
    position = 0
    for found in brackets.finditer(text):
        bracket = found[1].lstrip()
        frames[-1][1].append(text[position : found.start()])
        position = found.end()
        if bracket in replace:
            frames.append((bracket, []))
        elif bracket in closing:
            _close(frames, bracket, replace, unclosed)
    frames[-1][1].append(text[position:])
    while len(frames) > 1:
        _spill(frames, unclosed)
    return "".join(frames[0][1])


def _close(frames, bracket: str, replace: dict[str, tuple[str, Replace]], unclosed: str) -> None:
    """Closes the innermost open pair that `bracket` fits; pairs left open inside it spill."""
    if not any(bracket == replace[opening][0] for opening, _ in frames[1:]):
        frames[-1][1].append(unclosed)
        return
    while replace[frames[-1][0]][0] != bracket:
        _spill(frames, unclosed)
    opening, parts = frames.pop()
    frames[-1][1].append(replace[opening][1]("".join(parts)))


def _spill(frames, unclosed: str) -> None:
    """Gives up the innermost open pair: what it holds goes to the pair around it."""
    _, parts = frames.pop()
    frames[-1][1].extend([unclosed, *parts])
