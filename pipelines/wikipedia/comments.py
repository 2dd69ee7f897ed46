"""Comments and <nowiki>: what must be out of the way before any other markup is looked for."""

import re

# Characters of <nowiki> pass through the private use area, where no markup is looked for.
PRIVATE = 0xE000
# Entities (&, # and ;) mean there what they mean elsewhere.
HIDE = {ord(mark): chr(PRIVATE + ord(mark)) for mark in "'[]{}|<>=*:!_-/"}
SHOW = {hidden: chr(code) for code, hidden in HIDE.items()}
OPENING = re.compile(r"<(?:!--|nowiki\b[^<>]*>)", re.IGNORECASE)
CLOSING = re.compile(r"</nowiki\s*>", re.IGNORECASE)
COMMENT, END_OF_COMMENT = "<!--", "-->"


def hide_literals(text: str) -> str:
    """Removes comments and puts what stands in <nowiki> where no markup is looked for.

    A comment that never ends goes to the end of the page, and one that has its line to itself
    takes the line with it (Preprocessor_Hash). "a <!-- b --> c" -> "a  c".
    """
    parts, position, endless = [], 0, False
    for found in OPENING.finditer(text):
        start = found.start()
        if start < position:
            continue
        if found[0] == COMMENT:
            parts.append(text[position:start])
            position = _after_comment(text, start)
        elif not endless and not found[0].endswith("/>"):
            end = CLOSING.search(text, found.end())
            # Looking for the end of each of many would take the square of the text's length.
            endless = end is None
            if end:
                literal = text[found.end() : end.start()].translate(HIDE).replace("\n", " ")
                parts += [text[position:start], literal]
                position = end.end()
    return "".join([*parts, text[position:]]) if position else text


def show_literals(text: str) -> str:
    """Gives the characters that were hidden back: they are text."""
    for hidden, shown in SHOW.items():
        if hidden in text:  # far faster than to look for any of them at once
            text = text.replace(hidden, shown)
    return text


def _after_comment(text: str, start: int) -> int:
    """Finds where the text goes on after the comment that begins at `start`."""
    end = text.find(END_OF_COMMENT, start + len(COMMENT))
    if end < 0:
        return len(text)
    end += len(END_OF_COMMENT)
    alone = text[start - 1 : start] == "\n" and text[end : end + 1] == "\n"
    return end + 1 if alone else end
