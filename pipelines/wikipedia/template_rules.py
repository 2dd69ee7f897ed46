"""Templates whose text can be worked out from their arguments; None where it cannot."""

import re
from collections.abc import Callable

from pipelines.wikipedia.arguments import Options, Values
from pipelines.wikipedia.superscripts import superscript
from pipelines.wikipedia.units import convert

Rule = Callable[[Options, Values], str | None]

MONTHS = (
    "January February March April May June July August September October November December".split()
)
# Of {{lang-ru|...}}, which shows "Russian: ...".
LANGUAGES = {
    code: name
    for code, _, name in (
        pair.partition(" ")
        for pair in "ar Arabic,az Azerbaijani,be Belarusian,bg Bulgarian,bn Bengali,ca Catalan,"
        "cs Czech,cy Welsh,da Danish,de German,el Greek,es Spanish,et Estonian,eu Basque,"
        "fa Persian,fi Finnish,fr French,ga Irish,gd Scottish Gaelic,gl Galician,grc Ancient Greek,"
        "he Hebrew,hi Hindi,hr Croatian,hu Hungarian,hy Armenian,id Indonesian,is Icelandic,"
        "it Italian,ja Japanese,ka Georgian,kk Kazakh,ko Korean,la Latin,lt Lithuanian,lv Latvian,"
        "mk Macedonian,ms Malay,mt Maltese,nl Dutch,no Norwegian,pl Polish,pt Portuguese,"
        "ro Romanian,ru Russian,sa Sanskrit,sk Slovak,sl Slovene,sq Albanian,sr Serbian,sv Swedish,"
        "ta Tamil,te Telugu,th Thai,tr Turkish,uk Ukrainian,ur Urdu,uz Uzbek,vi Vietnamese,"
        "yi Yiddish,zh Chinese".split(",")
    )
}
CHARGE = re.compile(r"\d*[+\-−–]")
SHIPS = ("hmas", "hmcs", "hms", "rms", "ss", "uss", "mv", "sms", "hmnzs")


def shown(number: int) -> Rule:
    """Makes the rule that shows the argument of this number; 0 is the last one."""
    return lambda options, values: (
        values[number - 1] if values and len(values) >= number else None
    )


def constant(text: str) -> Rule:
    """Makes the rule that always leaves this text."""
    return lambda options, values: text


def around(before: str, after: str = "") -> Rule:
    """Makes the rule that puts text around the first argument: around("c. ") -> "c. 1900"."""
    return lambda options, values: f"{before}{values[0]}{after}" if values else None


def quotation(options: Options, values: Values) -> str | None:
    """Stands apart from the text around it."""
    text = values[0] if values else options.get("quote", "")
    return f"\n\n{text}\n\n" if text else None


def as_of(options: Options, values: Values) -> str | None:
    """{{as of|2013|6|30}} -> "As of 30 June 2013"."""
    year, month, day = (*values, "", "", "")[:3]
    if month.isdecimal() and len(month) <= 2 and 1 <= int(month) <= 12:
        month = MONTHS[int(month) - 1]
    american = options.get("df", "").lower() == "us" and day != ""
    date = " ".join(part for part in (day, month, year) if part)
    if american:
        date = f"{month} {day}, {year}"
    since = "since" if "since" in options else "as of"
    if not year or "alt" in options:
        return options.get("alt")
    return f"{since if 'lc' in options else since.capitalize()} {date}"


def quantity(options: Options, values: Values) -> str | None:
    """{{convert|5|km|mi}} -> "5 kilometres"."""
    return convert(values, options)


def short_quantity(options: Options, values: Values) -> str | None:
    """{{cvt|5|km|mi}} -> "5 km"."""
    return convert(values, {"abbr": "on"} | options)


def japanese(options: Options, values: Values) -> str | None:
    """{{nihongo|health|元気|genki}} -> "health (元気, genki)"."""
    english, script, romanized = [*values, "", "", ""][:3]
    rest = ", ".join(part for part in (script, romanized) if part)
    if not english:
        return rest or None
    return f"{english} ({rest})" if rest else english


def molecule(options: Options, values: Values) -> str | None:
    """{{chem|H|3|O|+}} -> "H3O⁺"."""
    return "".join(superscript(part) if CHARGE.fullmatch(part) else part for part in values) or None


def fraction(options: Options, values: Values) -> str | None:
    """{{frac|1|2}} -> "1/2", {{frac|3|1|2}} -> "3 1/2", {{frac|2}} -> "1/2"."""
    if len(values) == 3:
        return f"{values[0]} {values[1]}/{values[2]}"
    return "/".join(values[:2] if len(values) > 1 else ["1", *values]) if values else None


def measure(options: Options, values: Values) -> str | None:
    """{{val|1.5|e=-3|u=kg}} -> "1.5×10⁻³ kg"."""
    if not values or len(values) > 2:
        return None
    error = values[1] if len(values) > 1 else ""
    error = error if error.startswith("(") or not error else f"±{error}"
    power = f"×10{superscript(options['e'])}" if options.get("e") else ""
    unit = options.get("u") or options.get("ul") or ""
    return f"{values[0]}{error}{power}{' ' if unit else ''}{unit}"


def power_of_ten(options: Options, values: Values) -> str | None:
    """{{e|24}} -> "×10²⁴"."""
    return f"×10{superscript(values[0])}" if values else None


def raised(options: Options, values: Values) -> str | None:
    """{{sup|2}} -> "²"."""
    return superscript(values[0]) if values else None


def as_written(options: Options, values: Values) -> str | None:
    """{{sic|occured}} -> "occured [sic]"."""
    if "hide" in options or options.get("nolink") == "hide":
        return "".join(values) or None
    return " ".join([*values[:2], "[sic]"])


def ship(prefix: str) -> Rule:
    """Makes the rule for a navy's ships: {{USS|Hornet|CV-12}} -> "USS Hornet (CV-12)"."""

    def named(options: Options, values: Values) -> str | None:
        if not values or len(values) > 2:
            return None
        number = f" ({values[1]})" if len(values) > 1 and values[1] else ""
        return f"{prefix.upper()} {values[0]}{number}"

    return named


def in_language(code: str) -> Rule | None:
    """Makes the rule for {{lang-ru|слово}} -> "Russian: слово", if the language is known."""
    name = LANGUAGES.get(code)
    if not name:
        return None

    def labelled(options: Options, values: Values) -> str | None:
        if not values:
            return None
        return values[0] if options.get("label") in ("none", "no") else f"{name}: {values[0]}"

    return labelled


RULES: dict[str, Rule] = {
    "as of": as_of,
    "chem": molecule,
    "convert": quantity,
    "cvt": short_quantity,
    "e": power_of_ten,
    "esp": raised,
    "exp": raised,
    "frac": fraction,
    "fraction": fraction,
    "nihongo": japanese,
    "nihongo2": shown(1),
    "sfrac": fraction,
    "sic": as_written,
    "sup": raised,
    "val": measure,
    "angbr": around("⟨", "⟩"),
    "vr": around("⟨", "⟩"),
    "c.": around("c. "),
    "circa": around("c. "),
    "floruit": around("fl. "),
    "fl.": around("fl. "),
    "reign": around("r. "),
    "sqrt": around("√"),
    "radic": around("√"),
    "us$": around("US$"),
    "usd": around("US$"),
    "gbp": around("£"),
    "£": around("£"),
    "inr": around("₹"),
    "€": around("€"),
    "10^": lambda options, values: f"10{superscript(values[0])}" if values else None,
} | {name: ship(name) for name in SHIPS}
