"""Arguments of a template: https://www.mediawiki.org/wiki/Help:Templates."""

import re

NAME = re.compile(r"[\w -]{1,60}")
MARKS = re.compile(r"\[\[|]]|\|")

Options = dict[str, str]  # arguments with names
Values = list[str]  # the others, in order


def read_arguments(arguments: str) -> tuple[Options, Values]:
    """Sorts arguments: "a|b = c|2 = d" -> ({"b": "c"}, ["a", "d"]).

    "2=d" is the plain argument of that number, and so is "text=d", as most templates have it.
    """
    options: Options = {}
    values: Values = []
    for argument in _split(arguments) if arguments else ():
        written, equals, value = argument.partition("=")
        name = written.strip().lower()
        if not equals or not NAME.fullmatch(name):
            values.append(argument.strip())
        elif name in (str(len(values) + 1), "text"):
            values.append(value.strip())
        else:
            options[name] = value.strip()
    return options, values


def _split(arguments: str) -> list[str]:
    """Splits at the bars that are not inside a link: "a|[[b|c]]" -> ["a", "[[b|c]]"]."""
    if "[[" not in arguments:
        return arguments.split("|")
    parts, start, links = [], 0, 0
    for found in MARKS.finditer(arguments):
        if found[0] == "|" and not links:
            parts.append(arguments[start : found.start()])
            start = found.end()
        elif found[0] != "|":
            links = max(0, links + (1 if found[0] == "[[" else -1))
    return [*parts, arguments[start:]]
