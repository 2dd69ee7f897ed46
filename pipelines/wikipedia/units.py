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
    "cm2": ("square centimetre", "square centimetres"),
    "mi2": ("square mile", "square miles"),
    "ft2": ("square foot", "square feet"),
    "sqm": ("square metre", "square metres"),
    "sqkm": ("square kilometre", "square kilometres"),
    "sqyd": ("square yard", "square yards"),
    "m3": ("cubic metre", "cubic metres"),
    "km3": ("cubic kilometre", "cubic kilometres"),
    "cm3": ("cubic centimetre", "cubic centimetres"),
    "cc": ("cubic centimetre", "cubic centimetres"),
    "cuft": ("cubic foot", "cubic feet"),
    "ft3": ("cubic foot", "cubic feet"),
    "cuyd": ("cubic yard", "cubic yards"),
    "cuin": ("cubic inch", "cubic inches"),
    "cumi": ("cubic mile", "cubic miles"),
    "m3/s": ("cubic metre per second", "cubic metres per second"),
    "cuft/s": ("cubic foot per second", "cubic feet per second"),
    "mL": ("millilitre", "millilitres"),
    "ml": ("millilitre", "millilitres"),
    "USgal": ("US gallon", "US gallons"),
    "impgal": ("imperial gallon", "imperial gallons"),
    "oilbbl": ("barrel", "barrels"),
    "oilbbl/d": ("barrel per day", "barrels per day"),
    "kn": ("knot", "knots"),
    "knot": ("knot", "knots"),
    "km/s": ("kilometre per second", "kilometres per second"),
    "mi/h": ("mile per hour", "miles per hour"),
    "mg": ("milligram", "milligrams"),
    "MT": ("tonne", "tonnes"),
    "LT": ("long ton", "long tons"),
    "ST": ("short ton", "short tons"),
    "long ton": ("long ton", "long tons"),
    "short ton": ("short ton", "short tons"),
    "st": ("stone", "stone"),
    "carat": ("carat", "carats"),
    "fathom": ("fathom", "fathoms"),
    "furlong": ("furlong", "furlongs"),
    "micron": ("micrometre", "micrometres"),
    "um": ("micrometre", "micrometres"),
    "nm": ("nanometre", "nanometres"),
    "AU": ("astronomical unit", "astronomical units"),
    "ly": ("light-year", "light-years"),
    "pc": ("parsec", "parsecs"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "GW": ("gigawatt", "gigawatts"),
    "hp": ("horsepower", "horsepower"),
    "bhp": ("brake horsepower", "brake horsepower"),
    "kJ": ("kilojoule", "kilojoules"),
    "MJ": ("megajoule", "megajoules"),
    "kcal": ("kilocalorie", "kilocalories"),
    "Cal": ("calorie", "calories"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "kPa": ("kilopascal", "kilopascals"),
    "MPa": ("megapascal", "megapascals"),
    "bar": ("bar", "bars"),
    "atm": ("standard atmosphere", "standard atmospheres"),
    "K": ("K", "K"),
    "C-change": ("°C", "°C"),
    "F-change": ("°F", "°F"),
    "PD/sqmi": ("inhabitant per square mile", "inhabitants per square mile"),
    "PD/km2": ("inhabitant per square kilometre", "inhabitants per square kilometre"),
}
# Before a unit: "e6acre" are millions of acres, "Moilbbl" millions of barrels.
THOUSANDS = {
    "e3": "thousand",
    "e6": "million",
    "e9": "billion",
    "e12": "trillion",
    "k": "thousand",
    "M": "million",
    "G": "billion",
    "T": "trillion",
}
THOUSANDFOLD = re.compile(r"(e\d+|[kMGT](?=oilbbl|cuft))(.+)")
SYMBOLS = {
    "km2": "km²",
    "m2": "m²",
    "sqmi": "sq mi",
    "sqft": "sq ft",
    "C": "°C",
    "F": "°F",
    "m3": "m³",
    "km3": "km³",
}
BETWEEN = {
    "and(-)": " and ",
    "to(-)": " to ",
    "-": "–",
    "–": "–",
    "to": " to ",
    "and": " and ",
    "or": " or ",
    "by": " by ",
    "x": " × ",
}
NUMBER = re.compile(r"[-−]?\d[\d,]{0,30}(?:\.\d{1,30})?")


def convert(values: list[str], options: dict[str, str]) -> str | None:
    """Writes the quantity before conversion: (["1300", "mi", "km"], {}) -> "1,300 miles".

    ["5", "-", "10", "ft", "m"] -> "5–10 feet". Returns None for what it does not know.
    """
    between = ""
    if len(values) > 3 and values[1] in BETWEEN:
        between, values = BETWEEN[values[1]] + _number(values[2]), values[:1] + values[3:]
    if len(values) < 2 or not NUMBER.fullmatch(values[0]) or _shows_other(options):
        return None
    thousands, unit = _thousands(values[1])
    if unit not in UNITS or (between and not between[-1].isdigit()):
        return None
    number = f"{_number(values[0])}{between}{thousands}"
    if options.get("abbr") in ("on", "in"):
        return f"{number} {SYMBOLS.get(unit, unit)}"
    singular, plural = UNITS[unit]
    if options.get("sp") == "us":
        singular, plural = (_american(name) for name in (singular, plural))
    if options.get("adj") == "on":
        return f"{number}-{singular.replace(' ', '-')}"
    return f"{number} {singular if number == '1' else plural}"


def _shows_other(options: dict[str, str]) -> bool:
    """Says whether the converted quantity is shown first, or alone, or without its unit."""
    other = ("flip", "out", "num", "unit", "table")
    return options.get("order") == "flip" or options.get("disp", "").startswith(other)


def _thousands(unit: str) -> tuple[str, str]:
    """Parts a unit from the power of ten before it: "e6acre" -> (" million", "acre")."""
    found = None if unit in UNITS else THOUSANDFOLD.fullmatch(unit)
    if not found or found[1] not in THOUSANDS:
        return "", unit
    return f" {THOUSANDS[found[1]]}", found[2]


def _american(name: str) -> str:
    return name.replace("metre", "meter").replace("litre", "liter")


def _number(text: str) -> str:
    """Groups digits by thousands: "52419" -> "52,419"."""
    if not NUMBER.fullmatch(text):
        return ""
    sign = "−" if text[0] in "-−" else ""
    whole, point, part = text.lstrip("-−").replace(",", "").partition(".")
    return f"{sign}{int(whole):,}{point}{part}"
