"""Arguments of a template: https://www.mediawiki.org/wiki/Help:Templates."""

import re

NAMED = re.compile(r"\s*([\w -]+?)\s*=(.*)", re.DOTALL)

Options = dict[str, str]  # arguments with names
Values = list[str]  # the others, in order


def read_arguments(arguments: str) -> tuple[Options, Values]:
    """Sorts arguments: "a|b = c|2 = d" -> ({"b": "c"}, ["a", "d"]).

    "2=d" is the plain argument of that number, and so is "text=d", as most templates have it.
    """
    options: Options = {}
    values: Values = []
    for argument in _split(arguments) if arguments else ():
        named = NAMED.fullmatch(argument) if "=" in argument else None
        if named and named[1].lower() in (str(len(values) + 1), "text"):
            values.append(named[2].strip())
        elif named:
            options[named[1].lower()] = named[2].strip()
        else:
            values.append(argument.strip())
    return options, values


def _split(arguments: str) -> list[str]:
    """Splits at the bars that are not inside a link: "a|[[b|c]]" -> ["a", "[[b|c]]"]."""
    if "[[" not in arguments:
        return arguments.split("|")
    return re.split(r"\|(?![^\[\]]*\]\])", arguments)
