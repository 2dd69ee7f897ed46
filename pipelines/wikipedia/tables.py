"""Tables in wiki markup: https://www.mediawiki.org/wiki/Help:Tables."""

import re

from pipelines.wikipedia.nesting import cut_nested

# "|}}" ends a template, but in "|}}}" a table ends before it.
BRACKETS = re.compile(r"\n[ \t:*#]*+(?:(\{\|)|\|}(?!}(?!})))")


def remove_tables(text: str) -> str:
    """Removes tables, nested as they come: "\\na\\n{|\\n| b\\n|}\\nc" -> "\\na\\n\\n\\nc".

    A table begins and ends at the beginning of a line. One that never ends stays; its rows go
    with the other lines that begin with "|" and "!", and what is prose between them is kept.
    """
    if "{|" not in text:
        return text
    return cut_nested(text, BRACKETS, "\n\n")
