"""Tables in wiki markup: https://www.mediawiki.org/wiki/Help:Tables."""

import re

from pipelines.wikipedia.nesting import cut_nested

# "|}}" ends a template, but in "|}}}" a table ends before it.
BRACKETS = re.compile(r"\n[ \t:*#]*+(?:(\{\|)|\|}(?!}(?!})))")
ROW = re.compile(r"\n[ \t:*#\x1f]*+\{?\|[^\n]*")


def remove_tables(text: str) -> str:
    """Removes tables, nested as they come: "\\na\\n{|\\n| b\\n|}\\nc" -> "\\na\\n\\n\\nc".

    A table begins and ends at the beginning of a line. One that never ends stays: what is prose
    between its rows, or behind them, is kept.
    """
    if "{|" not in text:
        return text
    return cut_nested(text, BRACKETS, "\n\n")


def remove_rows(text: str) -> str:
    """Removes the rows that a damaged table left, once no template has lines like them."""
    return ROW.sub("\n", text) if "|" in text else text
