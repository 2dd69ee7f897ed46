import pytest

from seq2seq.report.words import count_words, is_word, words


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("Don't stop, Anna-Lena!", ["don't", "stop", ",", "anna-lena", "!"]),
        ("3.5 km (about)", ["3", ".", "5", "km", "(", "about", ")"]),
        ("日本語 abc", ["日", "本", "語", "abc"]),
        ("abcかな", ["abc", "か", "な"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("", []),
        (" \t ", []),
    ],
)
def test_text_is_split_into_words_and_marks(text, wanted):
    assert words(text) == wanted


def test_marks_are_no_words():
    assert [is_word(each) for each in ("a", "3", "!", "…", "日")] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_words_of_both_sides_are_counted_up_to_a_number_of_pairs():
    counts = count_words(iter([("a A b", "x"), ("c", "y x"), ("d", "z")]), most=2)
    assert counts.pairs == 2
    assert counts.source == {"a": 2, "b": 1, "c": 1} and counts.target == {"x": 2, "y": 1}
