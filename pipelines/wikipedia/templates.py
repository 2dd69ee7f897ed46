"""What a template leaves in running text: nothing, a text that can be known, or a hole."""

import re

from pipelines.wikipedia.units import convert

HOLE = "\ufffc"  # U+FFFC OBJECT REPLACEMENT CHARACTER: something is read here that we cannot know
APART = "\u2029"  # U+2029 PARAGRAPH SEPARATOR: what follows is a paragraph of its own

# Notes, warnings and boxes: the sentence around them reads on without them.
SILENT = frozenset(
    "about,according to whom,anchor,audio,better source,by whom,category see also,cn,clarify,clear,"
    "contradict-inline,cref,dead link,defaultsort,details,disputed inline,disputed-inline,"
    "distinguish,dubious,efn,fact,failed verification,flag icon,flagicon,for,full,further,"
    "good article,hatnote,image,main,main article,multiple image,ndashnote,neologism inline,"
    "not in citation given,note,note label,notetag,original research inline,page needed,"
    "peacock inline,portal,pov-statement,qualify evidence,quantify,r,redirect,ref,ref label,refn,"
    "relevance inline,rp,see,see also,sfn,sfnm,sfnp,shy,sic,specify,synthesis inline,toc limit,"
    "unreferenced section,unreliable source,unreliable source?,update after,update inline,vague,"
    "verify credibility,verify source,verification needed,weasel-inline,wbr,when,where,which,who,"
    'whom,whose,why,zwsp,-,-"'.split(",")
)
SILENT_BEGINNINGS = (
    "citation",
    "cite ",
    "efn-",
    "expand ",
    "infobox",
    "inflation-",
    "pp-",
    "refimprove",
    "use ",
    "wikisource",
    "wiktionary",
    "#if",
    "#switch",
    "#tag:ref",
    "defaultsort:",
    "displaytitle:",
)
# The argument of this number is shown as it stands: "{{lang|fr|mot}}" reads "mot"; 0 is the last.
SHOWN = dict.fromkeys(
    "abbr,angbr,big,circa,em,formatnum,ill,interlanguage link,large,linktext,nihongo,nobr,nobreak,"
    "not a typo,nowrap,proper name,sc,small,smallcaps,smaller,strong,sub,tooltip,typo,vanchor,"
    "visible anchor,year".split(","),
    1,
) | {"lang": 2, "resize": 0, "transl": 0, "transliteration": 0}
# Stands apart from the text around it.
QUOTATIONS = frozenset("quote,quotation,blockquote,cquote,bquote,rquote,quote box".split(","))
CHARACTERS = {
    "ndash": "–",
    "mdash": "—",
    "mdashb": "—",
    "snd": " – ",
    "spnd": " – ",
    "spaced ndash": " – ",
    "spaced en dash": " – ",
    "nbsp": " ",
    "spaces": " ",
    "space": " ",
    "thinsp": " ",
    "zwnj": "",
    "'": "'",
    "' \"": "'\"",
    "\" '": "\"'",
    "'s": "'s",
    "-'": "'",
    "=": "=",
    "!": "|",
    "·": "·",
    "ad": "AD",
    "bc": "BC",
    "bce": "BCE",
    "ce": "CE",
}
NAMED = re.compile(r"\s*([\w -]+?)\s*=(.*)", re.DOTALL)


def expand(inside: str) -> str:
    """Returns the text for a template, given what stands between its braces.

    expand("lang|fr|mot") -> "mot"; expand("citation needed|date=May 2015") -> "";
    expand("convert|5|km") -> "5 kilometres"; expand("pop density|3|4") -> HOLE
    """
    first, *rest = split_arguments(inside)
    name = " ".join(first.replace("_", " ").split()).lower()
    if name.startswith("formatnum:"):
        return first.partition(":")[2].strip()
    if name in CHARACTERS:
        return CHARACTERS[name]
    if name in SILENT or name.startswith(SILENT_BEGINNINGS):
        return ""
    options, values = _arguments(rest)
    if name == "cvt":
        return convert(values, {"abbr": "on"} | options) or HOLE
    if name == "convert":
        return convert(values, options) or HOLE
    if name == "as of" and len(values) == 1:
        return f"{'as' if 'lc' in options else 'As'} of {values[0]}"
    if name in QUOTATIONS and values:
        return f"{APART}{values[0]}{APART}"
    if name in SHOWN and len(values) >= SHOWN[name]:
        return values[SHOWN[name] - 1] if values else HOLE
    return HOLE


def split_arguments(inside: str) -> list[str]:
    """Splits at the bars that are not inside a link: "a|[[b|c]]" -> ["a", "[[b|c]]"]."""
    if "[[" not in inside:
        return inside.split("|")
    return re.split(r"\|(?![^\[\]]*\]\])", inside)


def _arguments(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Sorts arguments into named and plain; "1=text" is the plain argument of that number."""
    options: dict[str, str] = {}
    values: list[str] = []
    for argument in arguments:
        named = NAMED.fullmatch(argument)
        if named and named[1].lower() in (str(len(values) + 1), "text"):
            values.append(named[2].strip())
        elif named:
            options[named[1].lower()] = named[2].strip()
        else:
            values.append(argument.strip())
    return options, values
