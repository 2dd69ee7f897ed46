"""Bold and italic marks: runs of two, three and five apostrophes."""

import re

from pipelines.wikipedia.sentences import JOINER

RUN = re.compile(r"'{2,}")
# The mark may end a title: "''What Is Property?'' says" is one sentence.
TITLE_END = re.compile(r"''(?<=[.?!]'')(?=[^'\n])")


def remove_quotes(text: str) -> str:
    """Removes the marks for bold and italic; apostrophes that are text stay.

    "''Titanic'''s" -> "Titanic's", since MediaWiki reads three apostrophes as one and a mark for
    italic where bold and italic would both stay open in a line (Parser::doQuotes). A JOINER stands
    after a mark that may be a title's own: "''What Is Property?'' says".
    """
    if "''" not in text:
        return text
    if "'''" in text:
        text = _shorten_marks(text)
    return TITLE_END.sub(JOINER, text).replace("''", "")


def _shorten_marks(text: str) -> str:
    """Makes two apostrophes of every mark; lines without bold ones are copied at once."""
    if "''''" not in text:
        between = text.split("'''")
        if len(between) % 2 and "\n" not in "".join(between[1::2]):
            return "''".join(between)  # each has its partner in its line
    parts, position = [], 0
    mark = text.find("'''")
    while mark >= 0:
        start = max(position, text.rfind("\n", position, mark) + 1)
        end = text.find("\n", mark)
        end = len(text) if end < 0 else end
        parts += [text[position:start], _shorten(text[start:end])]
        position = end
        mark = text.find("'''", end)
    return "".join([*parts, text[position:]])


def _shorten(line: str) -> str:
    """Makes two apostrophes of every mark in a line; those of a run that are text stay before."""
    if "''''" not in line and line.count("'''") % 2 == 0:
        return line.replace("'''", "''")
    runs = list(RUN.finditer(line))
    lengths = [_mark(len(run[0])) for run in runs]
    bold = sum(length in (3, 5) for length in lengths)
    italic = sum(length in (2, 5) for length in lengths)
    lost = _apostrophe(line, runs, lengths) if bold % 2 and italic % 2 else None
    parts: list[str] = []
    position = 0
    for index, run in enumerate(runs):
        mark = 2 if index == lost else lengths[index]
        # The apostrophe before a mark outlives `replace`, which takes pairs from the left.
        over = "'" if len(run[0]) > mark else ""
        parts += [line[position : run.start()], over, "''"]
        position = run.end()
    return "".join([*parts, line[position:]])


def _mark(length: int) -> int:
    """Says how many apostrophes of a run are the mark; those before it are text."""
    return 3 if length == 4 else min(length, 5)


def _apostrophe(line: str, runs: list[re.Match[str]], lengths: list[int]) -> int | None:
    """Finds the bold mark to read as apostrophe and italic: after one letter, a word, a space."""
    best, chosen = 3, None
    for index, run in enumerate(runs):
        if lengths[index] != 3:
            continue
        mark = run.end() - 3
        before, earlier = line[max(0, mark - 1) : mark], line[max(0, mark - 2) : max(0, mark - 1)]
        rank = 2 if before in ("", " ") else 0 if earlier in ("", " ") else 1
        if rank < best:
            best, chosen = rank, index
    return chosen
