"""Tests of quality: by default all prose is kept; each rule leaves out what it names."""

import pytest

from pipelines.wikipedia.block_list import BlockList
from pipelines.wikipedia.quality import Quality, read_block_list

ITALIAN = (
    "Il gatto dormiva sul tetto della casa mentre la pioggia cadeva lenta sulle strade del "
    "paese, e nessuno dei vicini aveva voglia di uscire prima che tornasse il sole. Poi la "
    "mattina dopo il vento portò via tutte le nuvole, e la gente scese in piazza."
)
ENGLISH = (
    "The cat slept on the roof of the house while the rain fell slowly on the streets of the "
    "village, and none of the neighbours wanted to go out before the sun came back. Then in the "
    "morning the wind took all the clouds away, and people came down to the square."
)


@pytest.mark.parametrize(
    "sentence",
    ["He left.", "1939–1945 was war.", "走。", "वह गया।", "A", "x = 5", "word " * 5000, "(a)"],
)
def test_by_default_all_with_letters_is_kept(sentence):
    quality = Quality()
    assert quality.sentence(sentence) is None
    assert quality.paragraph([sentence] * 9, "en") is None
    assert quality.article([[sentence] * 9] * 9) is None


@pytest.mark.parametrize(
    "sentence", ["", "12.", "–", "...", "* * *", "\ufffc.", "(1939–1945)", "__"]
)
def test_what_has_no_letters_is_no_sentence(sentence):
    assert Quality().sentence(sentence) == "without letters"


@pytest.mark.parametrize(
    "options,sentence,reason",
    [
        ({"least_words": 3}, "He left.", "too few words"),
        ({"least_words": 3}, "He left her.", None),
        ({"least_words": 3}, "他昨天走了。", None),
        ({"most_words": 3}, "He left her there.", "too many words"),
        ({"most_words": 3}, "He left her.", None),
        ({"most_characters": 8}, "He left.", None),
        ({"most_characters": 7}, "He left.", "too many characters"),
        ({"letters": 0.5}, "x = 5 + 6 + 7", "too few letters"),
        ({"letters": 0.5}, "He 12", None),
        ({"letters": 0.5}, "He 123", "too few letters"),
        ({"blocked": ["left"]}, "He LEFT.", "blocked"),
        ({"blocked": ["left"], "block": "article"}, "He left.", None),
    ],
)
def test_a_sentence_outside_of_a_bound_is_left_out(options, sentence, reason):
    assert Quality(**options).sentence(sentence) == reason


@pytest.mark.parametrize(
    "options,paragraph,reason",
    [
        ({"paragraph_words": 5}, ["He left.", "She did."], "too few words"),
        ({"paragraph_words": 4}, ["He left.", "She did."], None),
        ({"repeated_words": 0.2}, ["buy it now " * 10], "repeated words"),
        ({"repeated_words": 0.2}, [ENGLISH], None),
        ({"repeated_words": 0.2}, ["so so so"], None),
        ({"identify": True}, [ITALIAN], "in another language"),
        ({"identify": True}, [ENGLISH], None),
        ({"identify": True}, [ITALIAN[:100]], None),
        ({"identify": True}, [ENGLISH + "\x01\ufffe"], None),
        ({"blocked": ["left"], "block": "paragraph"}, ["He.", "He left."], "blocked"),
        ({"blocked": ["left"]}, ["He left."], None),
    ],
)
def test_a_paragraph_outside_of_a_bound_is_left_out(options, paragraph, reason):
    assert Quality(**options).paragraph(paragraph, "en") == reason


@pytest.mark.parametrize(
    "options,article,reason",
    [
        ({}, [], "without prose"),
        ({"article_words": 5}, [["He left."], ["She did."]], "too few words"),
        ({"repeated_sentences": 0.4}, [["He left.", "She did."], ["He left."]], None),
        (
            {"repeated_sentences": 0.3},
            [["He left.", "She did."], ["He left."]],
            "repeated sentences",
        ),
        ({"blocked": ["she"], "block": "article"}, [["He left."], ["She did."]], "blocked"),
    ],
)
def test_an_article_outside_of_a_bound_is_left_out(options, article, reason):
    assert Quality(**options).article(article) == reason


@pytest.mark.parametrize(
    "text",
    ["Ass.", "an ASS", "He has an ass!", "bad  words", "two BAD words", "他走了", "ass-like"],
)
def test_phrases_are_found_as_words_capitals_aside(text):
    assert BlockList(["ass", "bad  words", "走"]).finds(" ".join(text.split()))


@pytest.mark.parametrize("text", ["class", "assume", "bad sword", "bad wordsmith", ""])
def test_parts_of_words_are_not_found(text):
    assert not BlockList(["ass", "bad words"]).finds(text)


def test_a_block_list_is_read_a_phrase_a_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# words\nbad\n\n  two words \n", encoding="utf-8")
    assert read_block_list(path) == ["bad", "two words"]
    path.write_text("# none\n", encoding="utf-8")
    with pytest.raises(ValueError, match="list.txt holds no words: a block list has"):
        read_block_list(path)


def test_a_language_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="languages cannot be told from 'xx'"):
        Quality(identify=True).paragraph([ENGLISH], "xx")


def test_the_codes_of_wikipedias_are_known():
    for code in ("simple", "no", "nb", "he", "jv", "be-tarask", "zh"):
        assert Quality(identify=True).paragraph(["Short."], code) is None


@pytest.mark.parametrize(
    "options,message",
    [
        ({"letters": 1.5}, "letters is a share, 0 to 1, not 1.5"),
        ({"least_words": -1}, "least_words is 0 or more, not -1"),
        ({"blocked": [" "]}, "without any words"),
    ],
)
def test_an_option_out_of_its_range_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        Quality(**options)
