"""What a template leaves in running text: nothing, a text that can be known, or a hole."""

import functools
import re
from collections.abc import Callable

from pipelines.wikipedia.marks import HOLE
from pipelines.wikipedia.template_names import CHARACTERS, SILENT, SILENT_BEGINNINGS
from pipelines.wikipedia.units import convert

Rule = Callable[[str], str]  # what stands behind the template's name -> what it leaves

# The argument of this number is shown as it stands: "{{lang|fr|mot}}" reads "mot"; 0 is the last.
SHOWN = dict.fromkeys(
    "abbr,angbr,angle bracket,big,bigger,center,circa,em,fontcolor,formatnum,gaps,ill,"
    "illm,interlanguage link,interlanguage link multi,iast,ipablink,italics correction,keypress,"
    "large,larger,linktext,longitem,midsize,mono,music,mvar,nobold,nobr,nobreak,noitalic,"
    "normal,not a typo,nowrap,nowraplinks,proper name,r-phrase,sc,script,smaller,small,smallcaps,"
    "smallcaps2,strong,strike,sub,tooltip,tt,typo,unicode,var,vanchor,visible anchor,year,"
    "polytonic,rtl-lang,wt,w,tl,code,kbd,samp,mana,"
    "tutto attaccato,maiuscoletto,sigla2,tex,colore,lingua,"
    "nombre,formatnum,unité/1,page h',souligner,petit,citation étrangère,nobr".split(","),
    1,
) | {
    "lang": 2,
    "resize": 0,
    "transl": 0,
    "transliteration": 0,
    "tlit": 0,
    "langue": 2,
    "script/arabic": 1,
    "link audio": 2,
    "fontcolour": 2,
    "font color": 2,
    "color": 2,
}
# Stands apart from the text around it.
QUOTATIONS = frozenset(
    "quote,quotation,blockquote,cquote,bquote,rquote,quote box,quote frame,poemquote,poem quote,"
    "block quote,verse translation,citazione,zitat,cita,début citation,citation bloc,citaat".split(
        ","
    )
)
NAMED = re.compile(r"\s*([\w -]+?)\s*=(.*)", re.DOTALL)
LONGEST_NAME = 80


def expand(inside: str) -> str:
    """Returns the text for a template, given what stands between its braces.

    expand("lang|fr|mot") -> "mot"; expand("citation needed|date=May 2015") -> "";
    expand("convert|5|km") -> "5 kilometres"; expand("pop density|3|4") -> HOLE
    """
    name, _, arguments = inside.partition("|")
    return _rule(name)(arguments) if len(name) <= LONGEST_NAME else HOLE


@functools.lru_cache(maxsize=10_000)
def _rule(written: str) -> Rule:
    """Finds what a template of this name does."""
    name = " ".join(written.replace("_", " ").split()).lower()
    function, colon, argument = written.partition(":")
    if colon and function.strip().lower() == "formatnum":
        return _constant(argument.strip())
    if name in CHARACTERS:
        return _constant(CHARACTERS[name])
    if name in SILENT or name.startswith(SILENT_BEGINNINGS):
        return _constant("")
    if name in QUOTATIONS:
        return _quotation
    if name in SHOWN:
        return functools.partial(_shown, SHOWN[name])
    return RULES.get(name, _unknown)


def _constant(text: str) -> Rule:
    return lambda arguments: text


def _unknown(arguments: str) -> str:
    return HOLE


def _shown(number: int, arguments: str) -> str:
    _, values = _arguments(arguments)
    return values[number - 1] if values and len(values) >= number else HOLE


def _quotation(arguments: str) -> str:
    options, values = _arguments(arguments)
    text = values[0] if values else options.get("quote", "")
    return f"\n\n{text}\n\n" if text else HOLE


def _as_of(arguments: str) -> str:
    options, values = _arguments(arguments)
    return f"{'as' if 'lc' in options else 'As'} of {values[0]}" if len(values) == 1 else HOLE


def _convert(arguments: str) -> str:
    options, values = _arguments(arguments)
    return convert(values, options) or HOLE


def _convert_short(arguments: str) -> str:
    options, values = _arguments(arguments)
    return convert(values, {"abbr": "on"} | options) or HOLE


RULES: dict[str, Rule] = {"as of": _as_of, "convert": _convert, "cvt": _convert_short}


def split_arguments(inside: str) -> list[str]:
    """Splits at the bars that are not inside a link: "a|[[b|c]]" -> ["a", "[[b|c]]"]."""
    if "[[" not in inside:
        return inside.split("|")
    return re.split(r"\|(?![^\[\]]*\]\])", inside)


def _arguments(arguments: str) -> tuple[dict[str, str], list[str]]:
    """Sorts arguments into named and plain; "1=text" is the plain argument of that number."""
    options: dict[str, str] = {}
    values: list[str] = []
    for argument in split_arguments(arguments) if arguments else ():
        named = NAMED.fullmatch(argument) if "=" in argument else None
        if named and named[1].lower() in (str(len(values) + 1), "text"):
            values.append(named[2].strip())
        elif named:
            options[named[1].lower()] = named[2].strip()
        else:
            values.append(argument.strip())
    return options, values
