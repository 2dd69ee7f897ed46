"""Tests of personal data: what each pattern must match, and what it must not."""

import time
from collections import Counter

import pytest

from pipelines.wikipedia.personal import PATTERNS, PersonalData

MATCH = {
    "e-mail": ["a@b.org", "first.last+tag@mail.example.co.uk", "søren@bücher.de"],
    "ip": ["10.0.0.255", "2001:0db8:0000:0000:0000:ff00:0042:8329", "fe80::1:2:3"],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "IT60X0542811101000000123456",
    ],
    "card": ["4539 1488 0343 6467", "4539148803436467", "3782-822463-10005", "5500-0000-0000-0004"],
    "telephone": [
        "+44 20 7946 0958",
        "+1 (202) 555-0143",
        "+442079460958",
        "+33 1 23 45 67 89",
        "(202) 555-0143",
        "202-555-0143",
        "1-800-555-0143",
        "+39 06 6982",
    ],
}
NONE = [
    "1939-1945",
    "from 1914 to 1918",
    "2001-09-11",
    "11.09.2001",
    "978-3-16-148410-0",
    "ISBN 9783161484100",
    "ISBN 3-16-148410-X",
    "ISSN 2049-3630",
    "a population of 1 234 567 890",
    "1,234,567,890 people",
    "1.234.567.890 Einwohner",
    "+10 000 000",
    "40.446195, -79.948862",
    "+41.40338, 2.17403",
    "40° 26′ 46″ N",
    "10:30:15",
    "1:2",
    "version 1.2.3",
    "section 1.2.3.4.5",
    "999.1.1.1",
    "3.14159265358979",
    "4 539 148 803 436 467",
    "4539 1488 0343 6468",
    "@name",
    "a@b",
    "DE89 3704 0044 0532 0130 01",
    "US20 1234 5678 9012",
    "NGC 7023",
    "ratio 16:9",
    "C::D",
    "dead::beef",
]
CASES = [(kind, text) for kind, texts in MATCH.items() for text in texts]


@pytest.mark.parametrize("kind,text", CASES)
def test_what_is_personal_is_replaced_as_a_whole(kind, text):
    counts: Counter[str] = Counter()
    replaced = PersonalData([kind]).replace(f"Write to {text}, or ({text}).", counts)
    stand_in = PATTERNS[kind].stand_in
    assert replaced == f"Write to {stand_in}, or ({stand_in})."
    assert counts == {kind: 2}


@pytest.mark.parametrize("text", NONE)
def test_what_is_not_personal_stays(text):
    counts: Counter[str] = Counter()
    sentence = f"It was {text}, they said, and {text}."
    assert PersonalData(list(PATTERNS)).replace(sentence, counts) == sentence
    assert not counts


@pytest.mark.parametrize(
    "text", ["Tel: 06 6982 1234", "fax: (0)20/7946-0958", "Phone: 02079460958", "tel. 030 123456"]
)
def test_a_number_that_is_announced_is_a_telephone_number(text):
    assert PersonalData(["telephone"]).find(f"Call {text}.") == "telephone"


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_stand_in_is_of_the_kind_it_stands_for(kind):
    assert PersonalData([kind]).find(f"It is {PATTERNS[kind].stand_in}.") == kind


def test_only_kinds_that_are_asked_for_are_found():
    text = "Write to a@b.org."
    assert PersonalData().find(text) is None
    assert PersonalData(["ip"]).find(text) is None
    assert PersonalData(["ip", "e-mail"]).find(text) == "e-mail"


@pytest.mark.parametrize("unit", ["a", "1", "1.", "1 ", "a.", "+1 ", "1-", "a:", "(1", "A1", "@a."])
def test_no_text_takes_more_than_linear_time(unit):
    personal = PersonalData(list(PATTERNS))
    times = []
    for size in (20_000, 80_000):
        start = time.process_time()
        personal.replace((unit * size)[:size], Counter())
        times.append(time.process_time() - start)
    assert times[1] < 10 * times[0] + 0.1


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="unknown kind 'name' of personal data .known: e-mail, ip"):
        PersonalData(["name"])  # type: ignore[list-item]
