"""Finds e-mail addresses, telephone numbers and other personal data by their patterns."""

import dataclasses
import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple

Kind = Literal["e-mail", "telephone", "ip", "card", "iban"]


class Pattern(NamedTuple):
    """What is looked for, what tells it from other numbers, and what stands for it.

    `forms` are pairs of a mark without which there is none in a text, and an expression. Stand-ins
    are reserved for examples, so that they are nobody's: RFC 2606, RFC 5737, 555-0100 to 555-0199.
    """

    forms: list[tuple[str, str]]
    stand_in: str
    holds: Callable[[str], bool] = bool


def _is_address(found: str) -> bool:
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return "." in found or found.count(":") > 2


def _is_card(found: str) -> bool:
    """Checks the last digit: Luhn (1960), ISO/IEC 7812-1."""
    digits = [int(digit) for digit in reversed(found) if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_iban(found: str) -> bool:
    """Checks the digits after the country: ISO 13616, modulo 97."""
    text = found.replace(" ", "")
    number = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return 15 <= len(text) <= 34 and int(number) % 97 == 1


def _is_telephone(found: str) -> bool:
    return 8 <= sum(map(str.isdigit, found)) <= 15


# Each begins with what it consumes, and looks behind it then: a search jumps to that at once,
# where an expression that looks behind first is tried at every character.
PATTERNS: dict[Kind, Pattern] = {
    "e-mail": Pattern(
        [
            (
                "@",
                r"[\w.+%-](?<![\w.+%-].)[\w.+%-]{0,63}@"
                r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])",
            )
        ],
        "name@example.com",
    ),
    "ip": Pattern(
        [
            (".", r"\d(?<![\w.:].)\d{0,2}(?:\.\d{1,3}){3}(?![\w:]|\.\d)"),
            (":", r"(?<![\w.:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,36}(?![\w:]|\.\d)"),
        ],
        "192.0.2.1",
        _is_address,
    ),
    "iban": Pattern(
        [("", r"[A-Z](?<!\w.)[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")],
        "GB33 BUKB 2020 1555 5555 55",
        _is_iban,
    ),
    "card": Pattern(
        # Grouped as cards are, or not at all. They begin with 3 to 6; ISBNs begin with 9.
        [
            ("", r"[3-6](?<![\w.,+-].)\d{12,18}(?![\w-]|[.,]\d)"),
            ("", r"[3-6](?<![\w.,+-].)\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?(?![\w-]|[.,]\d)"),
            ("", r"[3-6](?<![\w.,+-].)\d{3}([ -])\d{6}\1\d{4,5}(?![\w-]|[.,]\d)"),
        ],
        "4111 1111 1111 1111",
        _is_card,
    ),
    "telephone": Pattern(
        [
            # With a country's code; only groups of three are a large number.
            (
                "+",
                r"\+(?<![\w.+].)(?!\d{1,3}(?: \d{3})+(?![ -]?\d))"
                r"\d{1,3}(?:[ .()-]{0,2}\d{1,4}){2,6}(?![\w-]|[.,]\d)",
            ),
            # North American
            ("", r"1(?<![\w.,+-].)[ .-](?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\w-])"),
            ("(", r"\((?<![\w.,+-].)\d{3}\) ?\d{3}[.-]\d{4}(?![\w-])"),
            ("", r"\d(?<![\w.,+-].)\d{2}[.-]\d{3}[.-]\d{4}(?![\w-])"),
            # Announced
            (
                "",
                r"[\d(](?i:(?<=\btel: .)|(?<=\btel\. .)|(?<=phone: .)|(?<=\bfax: .))"
                r"\d{0,4}\)?(?:[ ./-]{0,2}\d{2,8}){0,5}(?![\w-])",
            ),
        ],
        "+1 202 555 0100",
        _is_telephone,
    ),
}
FORMS = {
    kind: [(mark, re.compile(form)) for mark, form in pattern.forms]
    for kind, pattern in PATTERNS.items()
}


@dataclasses.dataclass(frozen=True)
class PersonalData:
    """Says which kinds of personal data are found, and what is done about them.

    kinds: in the order in which they are looked for
    drop: whether a sentence that has some is left out; otherwise a stand-in replaces them
    """

    kinds: list[Kind] = dataclasses.field(default_factory=list)
    drop: bool = False

    def __post_init__(self):
        for kind in self.kinds:
            if kind not in PATTERNS:
                raise ValueError(
                    f"unknown kind {kind!r} of personal data (known: {', '.join(PATTERNS)})"
                )

    def replace(self, text: str, replaced: Counter[str]) -> str:
        """Puts stand-ins for what is found, counted by kind: "Ask a@b.org." -> "Ask name@..."."""
        for kind in self.kinds:

            def stand_in(found: re.Match[str], kind: Kind = kind) -> str:
                pattern = PATTERNS[kind]
                if found[0] == pattern.stand_in or not pattern.holds(found[0]):
                    return found[0]
                replaced[kind] += 1
                return pattern.stand_in

            for mark, form in FORMS[kind]:
                if mark in text:
                    text = form.sub(stand_in, text)
        return text

    def find(self, text: str) -> Kind | None:
        """Names the first kind that a text has, None if it has none."""
        for kind in self.kinds:
            for mark, form in FORMS[kind]:
                if mark in text and any(
                    PATTERNS[kind].holds(found[0]) for found in form.finditer(text)
                ):
                    return kind
        return None
