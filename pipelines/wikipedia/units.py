"""Quantities of the template {{convert}}, written out as the template does."""

import re

UNITS = {
    "mm": ("millimetre", "millimetres"),
    "cm": ("centimetre", "centimetres"),
    "m": ("metre", "metres"),
    "km": ("kilometre", "kilometres"),
    "in": ("inch", "inches"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "nmi": ("nautical mile", "nautical miles"),
    "km2": ("square kilometre", "square kilometres"),
    "m2": ("square metre", "square metres"),
    "sqmi": ("square mile", "square miles"),
    "sqft": ("square foot", "square feet"),
    "ha": ("hectare", "hectares"),
    "acre": ("acre", "acres"),
    "acres": ("acre", "acres"),
    "g": ("gram", "grams"),
    "kg": ("kilogram", "kilograms"),
    "t": ("tonne", "tonnes"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "C": ("°C", "°C"),
    "F": ("°F", "°F"),
    "°C": ("°C", "°C"),
    "°F": ("°F", "°F"),
    "ft/s": ("foot per second", "feet per second"),
    "m/s": ("metre per second", "metres per second"),
}
SYMBOLS = {"km2": "km²", "m2": "m²", "sqmi": "sq mi", "sqft": "sq ft", "C": "°C", "F": "°F"}
BETWEEN = {"-": "–", "–": "–", "to": " to ", "and": " and ", "or": " or ", "by": " by ", "x": " × "}
NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")


def convert(values: list[str], options: dict[str, str]) -> str | None:
    """Writes the quantity before conversion: (["1300", "mi", "km"], {}) -> "1,300 miles".

    ["5", "-", "10", "ft", "m"] -> "5–10 feet". Returns None for what it does not know.
    """
    between = ""
    if len(values) > 3 and values[1] in BETWEEN:
        between, values = BETWEEN[values[1]] + _number(values[2]), values[:1] + values[3:]
    if len(values) < 2 or values[1] not in UNITS or not NUMBER.fullmatch(values[0]):
        return None
    if between and not between[-1].isdigit():
        return None
    if options.get("abbr") in ("on", "in"):
        return f"{_number(values[0])}{between} {SYMBOLS.get(values[1], values[1])}"
    singular, plural = UNITS[values[1]]
    if options.get("sp") == "us":
        singular, plural = (name.replace("metre", "meter") for name in (singular, plural))
    if options.get("adj") == "on":
        return f"{_number(values[0])}{between}-{singular.replace(' ', '-')}"
    one = values[0] == "1" and not between
    return f"{_number(values[0])}{between} {singular if one else plural}"


def _number(text: str) -> str:
    """Groups digits by thousands: "52419" -> "52,419"."""
    if not NUMBER.fullmatch(text):
        return ""
    sign = "−" if text[0] in "-−" else ""
    whole, point, part = text.lstrip("-−").replace(",", "").partition(".")
    return f"{sign}{int(whole):,}{point}{part}"
