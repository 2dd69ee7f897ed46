"""Replaces nested pairs of brackets from the inside out, in one pass over the text."""

import re
from collections.abc import Callable

Replace = Callable[[str], str]
Pair = tuple[str, Replace]  # closing bracket, function for what stands between
Frames = list[tuple[str, list[str]]]  # open pairs, outermost first: opening bracket, parts so far


def replace_nested(
    text: str,
    brackets: re.Pattern[str],
    replace: dict[str, Pair],
    unclosed: str,
) -> str:
    """Replaces what stands between opening and closing brackets, inner pairs first.

    `brackets` finds every bracket in one group; `replace` maps an opening bracket to
    its closing one and to the function for what stands between. A closing bracket without an
    opening one, and an opening one without a closing one, become `unclosed`.

    replace_nested("a[b[c]]", re.compile(r"([][])"), {"[": ("]", str.upper)}, "") -> "aBC"
    """
    closing = {close for close, _ in replace.values()}
    frames: Frames = [("", [])]
    position = 0
    for found in brackets.finditer(text):
        bracket = found[1]
        frames[-1][1].append(text[position : found.start()])
        position = found.end()
        if bracket in replace:
            frames.append((bracket, []))
        elif bracket in closing:
            _close(frames, bracket, replace, unclosed)
    frames[-1][1].append(text[position:])
    _spill(frames, 1, unclosed)
    return "".join(frames[0][1])


def _close(frames: Frames, bracket: str, replace: dict[str, Pair], unclosed: str) -> None:
    """Closes the innermost open pair that `bracket` fits; pairs left open inside it spill."""
    fitting = (
        depth for depth in range(len(frames) - 1, 0, -1) if replace[frames[depth][0]][0] == bracket
    )
    depth = next(fitting, 0)
    if not depth:
        frames[-1][1].append(unclosed)
        return
    _spill(frames, depth + 1, unclosed)
    opening, parts = frames.pop()
    frames[-1][1].append(replace[opening][1]("".join(parts)))


def _spill(frames: Frames, depth: int, unclosed: str) -> None:
    """Gives up the open pairs from `depth` on: what they hold goes to the pair around them."""
    given_up = frames[depth:]
    del frames[depth:]
    for _, parts in given_up:
        frames[-1][1].extend([unclosed, *parts])
