"""What every tokenizer promises; a new file in pipelines/tokenizers is tested here at once."""

import random
import sys

import numpy as np
import pytest
import tensorflow as tf

from pipelines import plugins
from pipelines.special_tokens import END, PAD, START, UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer

FOLDER = "pipelines.tokenizers"
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "tokenizer"]
SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "“Ach, die Übergröße!” sagte er; 3,5 % waren zu viel.",
    'Don\'t panic: <s> is "text", and so are </s>, <pad>, <unk> and <0x41>.',
    "  spaces  in front, between  and behind  ",
    "tabs\tand\nlines",
    "日本語のテキスト。",
    "नमस्ते, שלום, 👩‍👩‍👧 and \u00a0 \u2581 \u2585 \ufeff",
    "\0",
    "",
    " ",
]
EMPTY = tf.RaggedTensor.from_row_splits(tf.zeros([0], tf.int32), tf.zeros([1], tf.int64))


def train(kind):
    texts = [f"{a} {b}" for a in SENTENCES for b in SENTENCES]
    return plugins.find(FOLDER, kind, Tokenizer).train(iter(texts), size=420)


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request):
    return train(request.param)


def characters(count, seed):
    """Draws characters from all planes: every one but the surrogates can stand in a text."""
    draw = random.Random(seed)
    return [
        chr(draw.choice([c for c in (draw.randrange(limit),) if not 0xD800 <= c < 0xE000] or [65]))
        for limit in draw.choices([0x80, 0x800, 0x10000, sys.maxunicode + 1], k=count)
    ]


def random_texts(count=200, seed=1):
    drawn = characters(20 * count, seed)
    return SENTENCES + ["".join(drawn[i : i + 20]) for i in range(0, len(drawn), 20)]


def round_trip(tokenizer, texts):
    back = tokenizer.detokenize(tokenizer.tokenize(tf.constant(texts, tf.string)))
    return [text.decode() for text in back.numpy()]


def test_a_lossless_tokenizer_gives_any_text_back(tokenizer):
    if tokenizer.lossless:
        assert round_trip(tokenizer, random_texts()) == random_texts()


def test_what_a_round_trip_lost_it_loses_only_once(tokenizer):
    once = round_trip(tokenizer, random_texts())
    assert round_trip(tokenizer, once) == once


def test_plain_text_of_the_corpus_survives(tokenizer):
    assert round_trip(tokenizer, SENTENCES[:1]) == SENTENCES[:1]


def test_ids_are_int32_below_size_and_never_pad_start_or_end(tokenizer):
    ids = tokenizer.tokenize(tf.constant(random_texts()))
    assert ids.dtype == tf.int32
    assert set(ids.flat_values.numpy()) <= set(range(UNKNOWN, tokenizer.size))


def test_the_size_is_at_most_the_size_asked_for(tokenizer):
    assert UNKNOWN < tokenizer.size <= 420


def test_detokenize_skips_pad_start_and_end_wherever_they_stand(tokenizer):
    ids = tokenizer.tokenize(tf.constant(SENTENCES[:3]))
    special = tf.constant([[START, END, PAD]] * 3)
    spread = tf.concat([special, ids[:, :2], special, ids[:, 2:], special], axis=1)
    np.testing.assert_array_equal(tokenizer.detokenize(spread), tokenizer.detokenize(ids))


def test_an_unknown_token_can_be_seen(tokenizer):
    text = tokenizer.detokenize(tf.ragged.constant([[UNKNOWN]], dtype=tf.int32))
    assert text.numpy()[0].decode().strip() == "\ufffd"


def test_an_empty_text_has_no_ids_and_back(tokenizer):
    ids = tokenizer.tokenize(tf.constant(["", "a", ""]))
    assert ids.row_lengths().numpy().tolist()[::2] == [0, 0]
    assert tokenizer.detokenize(ids).numpy().tolist()[::2] == [b"", b""]


def test_a_batch_of_none_gives_none(tokenizer):
    assert tokenizer.tokenize(tf.constant([], tf.string)).shape[0] == 0
    assert tokenizer.detokenize(EMPTY).shape == [0]


def test_a_text_does_not_depend_on_its_batch(tokenizer):
    together = tokenizer.tokenize(tf.constant(SENTENCES)).to_list()
    alone = [tokenizer.tokenize(tf.constant([text])).to_list()[0] for text in SENTENCES]
    assert together == alone


def test_a_line_of_ten_thousand_characters_is_like_any_other(tokenizer):
    line = "".join(random.Random(2).choices("abc de, ", k=9_998)).strip() + "xy"
    ids = tokenizer.tokenize(tf.constant([line, "a"]))
    assert ids.row_lengths()[0] > 1_000
    assert round_trip(tokenizer, [line]) == round_trip(tokenizer, round_trip(tokenizer, [line]))


def test_any_ids_become_valid_utf8(tokenizer):
    draw = np.random.default_rng(3)
    ids = draw.integers(-5, tokenizer.size + 50, size=[300, 12], dtype=np.int32)
    for text in tokenizer.detokenize(tf.RaggedTensor.from_tensor(ids)).numpy():
        text.decode("utf-8")


def test_invalid_utf8_is_read_without_an_error(tokenizer):
    ids = tokenizer.tokenize(tf.constant([b"\xff\xfe caf\xc3", b"\xe2\x82"]))
    for text in tokenizer.detokenize(ids).numpy():
        text.decode("utf-8")


def test_tokens_keep_the_shape_of_ids(tokenizer):
    ids = tf.constant([[PAD, START, END], [UNKNOWN, UNKNOWN + 1, tokenizer.size + 9]])
    tokens = tokenizer.tokens(ids).numpy()
    assert tokens.shape == (2, 3) and tokens[1, 0] == tokens[1, 2]
    assert len(set(tokens.flat)) == 5
    assert tokenizer.tokens(tf.constant(UNKNOWN + 1)).shape == []


def test_pieces_are_what_each_id_is_called_and_no_two_are_alike(tokenizer):
    pieces = tokenizer.pieces()
    assert len(pieces) == len(set(pieces)) == tokenizer.size
    assert tokenizer.tokens(tf.constant(UNKNOWN + 1)).numpy().decode() == pieces[UNKNOWN + 1]
    assert pieces[:4] == ["<pad>", "<s>", "</s>", "<unk>"]


def test_the_graph_gives_what_eager_execution_gives(tokenizer):
    text = tf.constant(SENTENCES)
    ids = tokenizer.tokenize(text)
    signature = [tf.TensorSpec([None], tf.string)]
    traced = tf.function(tokenizer.tokenize, input_signature=signature)
    assert traced(text).to_list() == ids.to_list()
    back = tf.function(lambda text: tokenizer.detokenize(tokenizer.tokenize(text)), signature)
    np.testing.assert_array_equal(back(text), tokenizer.detokenize(ids))


def test_it_runs_in_a_dataset(tokenizer):
    texts = tf.data.Dataset.from_tensor_slices(SENTENCES).batch(4)
    ids = [row for rows in texts.map(tokenizer.tokenize) for row in rows.to_list()]
    assert ids == tokenizer.tokenize(tf.constant(SENTENCES)).to_list()


def test_save_and_load_change_nothing(tokenizer, tmp_path):
    folder = tmp_path / "new" / "folder"
    tokenizer.save(folder)
    tokenizer.save(folder)
    loaded = type(tokenizer).load(folder)
    ids = tokenizer.tokenize(tf.constant(random_texts()))
    assert loaded.size == tokenizer.size
    assert loaded.tokenize(tf.constant(random_texts())).to_list() == ids.to_list()
    np.testing.assert_array_equal(loaded.detokenize(ids), tokenizer.detokenize(ids))
    assert not list(folder.glob("*.part"))


def test_it_works_inside_a_saved_model(tokenizer, tmp_path):
    class Echo(tf.Module):
        def __init__(self):
            self.tokenizer = tokenizer

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, text):
            ids = self.tokenizer.tokenize(text)
            return {"text": self.tokenizer.detokenize(ids), "tokens": self.tokenizer.tokens(ids)}

    tf.saved_model.save(Echo(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for texts in (SENTENCES, []):
        text = tf.constant(texts, tf.string)
        ids = tokenizer.tokenize(text)
        np.testing.assert_array_equal(loaded(text)["text"], tokenizer.detokenize(ids))
        assert loaded(text)["tokens"].to_list() == tokenizer.tokens(ids).to_list()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_tokenizer(kind):
    text = tf.constant(SENTENCES)
    first, second = train(kind), train(kind)
    assert first.tokenize(text).to_list() == second.tokenize(text).to_list()


def test_a_folder_without_the_files_is_named(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    for file in list(tmp_path.iterdir()):
        file.write_text('"broken"')
        with pytest.raises(ValueError, match=file.name):
            type(tokenizer).load(tmp_path)
        file.unlink()
        with pytest.raises(ValueError, match=file.name):
            type(tokenizer).load(tmp_path)
