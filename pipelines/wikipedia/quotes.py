"""Bold and italic marks: runs of two, three and five apostrophes."""

import re

from pipelines.wikipedia.sentences import JOINER

RUN = re.compile(r"'{2,}")


def remove_quotes(line: str) -> str:
    """Removes the marks for bold and italic from a line; apostrophes that are text stay.

    "''Titanic'''s" -> "Titanic's", since MediaWiki reads three apostrophes as one and a mark for
    italic where bold and italic would both stay open (Parser::doQuotes). A JOINER stands after a
    mark that may be a title's own: "''What Is Property?'' says".
    """
    if "''" not in line:
        return line
    runs = list(RUN.finditer(line))
    lengths = [_mark(len(run[0])) for run in runs]
    bold = sum(length in (3, 5) for length in lengths)
    italic = sum(length in (2, 5) for length in lengths)
    lost = _apostrophe(line, runs, lengths) if bold % 2 and italic % 2 else None
    parts: list[str] = []
    position, inside = 0, False
    for index, run in enumerate(runs):
        mark = 2 if index == lost else lengths[index]
        parts.append(line[position : run.start()] + "'" * (len(run[0]) - mark))
        inside = not inside
        if not inside and line[run.start() - 1 : run.start()] in ("?", "!", "."):
            parts.append(JOINER)
        position = run.end()
    return "".join(parts) + line[position:]


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
