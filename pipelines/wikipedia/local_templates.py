"""Templates that mean something else, or something only, on the Wikipedia of one language."""

from pipelines.wikipedia.arguments import Options, Values
from pipelines.wikipedia.template_rules import Rule, around, constant, measure, quotation, shown


def _italian_measure(options: Options, values: Values) -> str | None:
    """{{M|2,5|ul=km}} and the older {{M|2,5||km}} -> "2,5 km"."""
    unit = next((value for value in values[1:] if value), "")
    return measure({"u": unit} | options, values[:1])


def _in_order(options: Options, values: Values) -> str | None:
    """{{unité|10|km}} -> "10 km"; {{date|1|janvier|1900|en sport}} -> "1 janvier 1900"."""
    return " ".join(values[:3]) or None


def _century(before: str, after: str) -> Rule:
    """Makes the rule for {{s|XIX|e}} -> "XIXe siècle" and {{siglo|XIX}} -> "siglo XIX"."""

    def named(options: Options, values: Values) -> str | None:
        return f"{before}{''.join(values[:2])}{after}" if values else None

    return named


def _silent(names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(","), constant(""))


LOCAL: dict[str, dict[str, Rule]] = {
    "it": {
        **_silent("en,de,fr,es,la,ru,ja,pt,nl,f,p,s,cita,...citazione,lingue,ab,na,naz,q,c"),
        "m": _italian_measure,
        "ta": shown(1),
        "tex": constant("TeX"),
        "latex": constant("LaTeX"),
        "m s.l.m.": constant("m s.l.m."),
        "unità": _in_order,
        "numero": shown(1),
    },
    "fr": {
        **_silent("clr,évasion,date à préciser"),
        "s": _century("", " siècle"),
        "s-": _century("", ""),
        "-s": _century("", " siècle av. J.-C."),
        "-s-": _century("", " av. J.-C."),
        "date": _in_order,
        "date-": _in_order,
        "unité": _in_order,
        "unité/2": _in_order,
        "nb": shown(1),
        "citation": around("« ", " »"),
        "guil": around("« ", " »"),
        "guillemets": around("« ", " »"),
        "page": around("p. "),
        "p.": around("p. "),
        "n°": around("no "),
        "numéro": around("no "),
        "n°1": constant("no 1"),
        "av jc": constant("av. J.-C."),
        "av. j.-c.": constant("av. J.-C."),
        "-jc": constant("av. J.-C."),
        "ap jc": constant("apr. J.-C."),
        "apr. j.-c.": constant("apr. J.-C."),
        "m.": around("M. "),
        "mme": around("Mme "),
        "mlle": around("Mlle "),
        "dr": around("Dr "),
        "saint": around("saint "),
        "tiret": constant("–"),
    },
    "de": {
        '"': around("„", "“"),
        "zitat-de": quotation,
        "zitat-en": quotation,
        "0": constant(""),
        "nbsp": constant(" "),
        "ens": around("englisch "),
        "frs": around("französisch "),
        "las": around("lateinisch "),
        "rus": around("russisch "),
        "its": around("italienisch "),
        "ess": around("spanisch "),
        "pls": around("polnisch "),
        "grcs": around("altgriechisch "),
    },
    "es": {
        "cita": quotation,
        "siglo": lambda options, values: (
            f"{'siglo ' if 's' in values[2:3] or len(values) == 1 else ''}{values[0]}"
            f"{' ' + values[1] if len(values) > 1 and values[1] else ''}"
            if values
            else None
        ),
        "unidad": _in_order,
        "esd": shown(1),
        "ac": constant("a. C."),
        "dc": constant("d. C."),
    },
    "pt": {
        "citação": quotation,
        "cquote": quotation,
        "fmtn": _in_order,
        "séc": around("século "),
        "ac": constant("a.C."),
        "dc": constant("d.C."),
    },
    "nl": {"citaat": quotation, "unité": _in_order},
}
