"""What SentencePiece's options do, and what its errors say."""

import random

import pytest
import sentencepiece
import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.subwords import Subwords

TEXTS = ["the cat sat on the mat, the dog sat on the cat"] * 20 + ["1½ naïve… cafés"] * 20


def random_texts(alphabet, count=300, length=15):
    draw = random.Random(0)
    return ["".join(draw.choices(alphabet, k=length)) for _ in range(count)]


def round_trip(tokenizer, texts):
    back = tokenizer.detokenize(tokenizer.tokenize(tf.constant(texts)))
    return [text.decode() for text in back.numpy()]


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_every_unicode_character_comes_back_except_sentencepieces_own_mark(model):
    everything = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    texts = ["".join(everything[start : start + 999]) for start in range(0, len(everything), 999)]
    expected = [text.replace("\u2581", "\u2582") for text in texts]
    assert round_trip(Subwords.train(TEXTS, 320, model=model), texts) == expected


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_spaces_come_back_wherever_they_stand(model):
    texts = random_texts("a  \t\n\u00a0\u3000")
    assert round_trip(Subwords.train(TEXTS, 320, model=model), texts) == texts


def test_with_byte_fallback_nothing_is_unknown():
    ids = Subwords.train(TEXTS, 320).tokenize(tf.constant(random_texts("cat日本🦊é\n")))
    assert UNKNOWN not in ids.flat_values.numpy()


def test_without_byte_fallback_unseen_characters_are_seen_to_be_missing():
    tokenizer = Subwords.train(TEXTS, 60, byte_fallback=False, character_coverage=1.0)
    assert round_trip(tokenizer, ["the 日本 cat"]) == ["the \ufffd cat"]


def test_a_word_is_the_same_piece_at_the_beginning_and_inside():
    tokenizer = Subwords.train(TEXTS, 400)
    first, *_, last = tokenizer.tokenize(tf.constant(["cat the cat"])).to_list()[0]
    assert first == last and tokenizer.tokens(tf.constant(first)) == "▁cat"


def test_nothing_is_normalized_unless_asked_for():
    assert round_trip(Subwords.train(TEXTS, 320), ["½ …"]) == ["½ …"]
    normalized = Subwords.train(TEXTS, 320, normalization="nfkc")
    assert round_trip(normalized, ["½ …"]) == ["1\u20442 ..."]


def test_symbols_are_never_split():
    tokenizer = Subwords.train(TEXTS, 330, symbols=["<2de>"])
    assert b"<2de>" in tokenizer.tokens(tokenizer.tokenize(tf.constant(["<2de>the"]))).numpy()[0]


def test_a_sampled_corpus_gives_the_same_model_each_time():
    texts = random_texts("abcdefg ", count=2000)
    models = [Subwords.train(iter(texts), 300, input_sentence_size=500).model for _ in range(2)]
    assert models[0] == models[1]
    assert models[0] != Subwords.train(iter(texts), 300).model


@pytest.mark.parametrize("text", ["a\tzebra\n", "zebra ▅", "zebra\0", "zebra " * 2000])
def test_lines_that_sentencepiece_would_skip_are_learnt_from(text):
    tokenizer = Subwords.train([text], 300)
    pieces = tokenizer.tokens(tokenizer.tokenize(tf.constant(["zebra"]))).numpy()[0]
    assert not any(piece.startswith(b"<0x") for piece in pieces)


def test_a_size_beyond_the_corpus_gives_a_smaller_model():
    assert 260 < Subwords.train(TEXTS, 100_000).size < 1000
    assert 260 < Subwords.train(TEXTS, 100_000, model="bpe").size < 1000


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_a_size_too_small_is_an_error_that_names_the_least(model):
    with pytest.raises(ValueError, match="size of 100 has no room.* at least [23]"):
        Subwords.train(TEXTS, 100, model=model)


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_no_text_is_an_error(texts):
    with pytest.raises(ValueError, match="no text"):
        Subwords.train(texts, 300)


def test_an_error_of_the_corpus_comes_through():
    def texts():
        yield "fine"
        raise ValueError("news.en, line 2: invalid UTF-8")

    with pytest.raises(ValueError, match="news.en, line 2"):
        Subwords.train(texts(), 300)


def test_a_model_with_other_special_tokens_is_refused(tmp_path):
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(TEXTS),
        model_prefix=str(tmp_path / "subwords"),
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=3,
    )
    with pytest.raises(ValueError, match=r"wanted \[0, 1, 2, 3\]"):
        Subwords.load(tmp_path)
