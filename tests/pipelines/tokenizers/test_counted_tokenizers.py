"""Bytes, characters and words: small cases worked by hand."""

import pytest
import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers import words
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.characters import Characters
from pipelines.tokenizers.words import Words


def ids(tokenizer, text):
    return tokenizer.tokenize(tf.constant([text])).to_list()[0]


def round_trip(tokenizer, text):
    return tokenizer.detokenize(tokenizer.tokenize(tf.constant([text]))).numpy()[0].decode()


def test_a_byte_is_its_value_after_the_special_tokens():
    assert ids(Bytes(), "Aé") == [4 + 0x41, 4 + 0xC3, 4 + 0xA9]
    assert Bytes().tokens(tf.constant([4 + 0x41, 4 + 0xC3])).numpy().tolist() == [b"A", b"<0xC3>"]


def test_bytes_that_are_no_character_are_replaced():
    broken = tf.ragged.constant([[4 + 0x41, 4 + 0xC3, 4 + 0x42]], dtype=tf.int32)
    assert Bytes().detokenize(broken).numpy()[0].decode() == "A\ufffdB"


def test_bytes_need_no_texts_and_no_size():
    assert Bytes.train().size == 260
    with pytest.raises(ValueError, match="260"):
        Bytes.train([], size=100)


def test_characters_are_numbered_from_the_most_frequent_on():
    tokenizer = Characters.train(["banana", "bé"], size=7)
    assert tokenizer.characters == ["a", "b", "n"]
    assert ids(tokenizer, "nabé") == [6, 4, 5, UNKNOWN]
    assert round_trip(tokenizer, "nabé") == "nab\ufffd"


def test_characters_are_exact_on_what_they_know():
    text = "Käse, 日本, \U0001f98a\tand \x00\u200d"
    assert round_trip(Characters.train([text]), text) == text


@pytest.mark.parametrize("entries", [["ab"], [""], ["a", "a"], [3]])
def test_a_faulty_list_of_characters_is_refused(entries):
    with pytest.raises(ValueError):
        Characters(entries)


def test_words_keep_the_space_in_front_of_them():
    tokenizer = Words.train(["Oh, no! no no"], size=100)
    assert tokenizer.words == ["▁no", "!", ",", "▁Oh"]
    assert ids(tokenizer, "Oh, no!") == [7, 6, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        "Oh, no!",
        "don't (really) stop",
        "“Quoted”, she said: 3.5 % – 10€",
        "x = [a/b]; e-mail: a@b.c",
        "日本、東京。",
        "! leading mark",
        "नमस्ते दुनिया।",
    ],
)
def test_punctuation_finds_its_place_again(text):
    assert round_trip(Words.train([text], size=100), text) == text


def test_words_lose_what_they_say_they_lose():
    tokenizer = Words.train(["one two three"], size=100)
    assert round_trip(tokenizer, "  one\t two▁\u00a0three\n") == "one two three"
    assert round_trip(tokenizer, "one four") == "one \ufffd"


def test_counting_words_drops_the_rare_ones_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(words, "MOST_COUNTED", 100)
    texts = ["often seen"] * 50 + [f"rare{number}" for number in range(5000)]
    assert Words.train(iter(texts), size=6).words == ["▁often", "▁seen"]


def test_a_merged_list_keeps_its_ids_and_adds_what_is_new():
    merged = Words(["▁no", "!"]).merged(Words(["!", "▁yes", "▁no"]))
    assert merged.words == ["▁no", "!", "▁yes"]
    assert Characters(["a"]).merged(Characters(["b", "a"])).characters == ["a", "b"]


def test_what_is_no_list_of_its_kind_is_not_merged():
    with pytest.raises(ValueError, match="Characters cannot be merged into Words"):
        Words(["a"]).merged(Characters(["a"]))
    with pytest.raises(ValueError, match="Words cannot be merged into Characters"):
        Characters(["a"]).merged(Words(["a"]))
    with pytest.raises(ValueError, match="Bytes is no list that tokens could be added to"):
        Bytes().merged(Bytes())


@pytest.mark.parametrize("kind", [Characters, Words])
def test_a_size_without_room_is_refused(kind):
    with pytest.raises(ValueError, match="at least 5"):
        kind.train(["text"], size=4)
