import itertools

import numpy as np
import pytest
import tensorflow as tf

from pipelines.special_tokens import END, PAD, UNKNOWN
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.cased_subwords import CasedSubwords
from pipelines.tokenizers.words import Words
from seq2seq.decoding.constraints.banned import Banned
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.sampling import Sampling
from seq2seq.model_steps import ModelSteps
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer
from seq2seq.text_stream import found_ids, streamed, text_parts
from seq2seq.token_stream import TokenStream

VOCABULARY = 12
SIZES = {"source_vocabulary": VOCABULARY, "target_vocabulary": VOCABULARY}
LAYERS = {"encoder_layers": 1, "decoder_layers": 1, "units": 8}
MODELS = {
    "transformer": lambda: Transformer(**SIZES, **LAYERS, hidden=12, heads=2),
    "lstm": lambda: LSTM(**SIZES, **LAYERS, embedding=6),
}


def read(text):
    """Reads letters as ids from 4 on, and END; a target may have 2 ids more."""
    points = tf.strings.unicode_decode(text, "UTF-8") - ord("a") + 4
    source = tf.concat([points, tf.fill([points.nrows(), 1], END)], axis=1)
    return source.to_tensor(PAD), tf.cast(source.row_lengths(), tf.int32) + 2


def spell_letters(ids):
    """Spells ids from 4 on as letters."""
    said = tf.boolean_mask(ids, ids >= 4)
    return tf.strings.unicode_encode(said + ord("a") - 4, "UTF-8")


@pytest.mark.parametrize(
    "kind, search", [("transformer", GreedySearch()), ("lstm", Sampling(temperature=0.5, seed=3))]
)
def test_tokens_come_as_the_search_finds_them_by_one_graph_for_all_lengths(kind, search):
    model, noise = MODELS[kind](), np.random.default_rng(2)
    for weight in model.trainable_weights:
        weight.assign_add(noise.normal(scale=0.4, size=weight.shape))
    stream = TokenStream(read, model, search, spell_letters)
    for text in ("gg", "cabhe"):
        source, limit = read(tf.constant([text]))
        steps = ModelSteps(model, model.encode(source))
        wanted = np.trim_zeros(np.array(search(steps, 1, limit, {"source": source}).ids[0, 0]))
        found = list(found_ids(stream, text))
        assert found == wanted.tolist()
        assert "".join(streamed(stream, text)) == spell_letters(tf.constant(found)).numpy().decode()
    assert stream.advance.experimental_get_tracing_count() == 1
    assert stream.begin.experimental_get_tracing_count() == 1


def test_a_stream_ends_where_nothing_may_be_said():
    everything = Banned(tuple((token,) for token in range(END, VOCABULARY)))
    search = GreedySearch(constraints=(everything,))
    stream = TokenStream(read, MODELS["lstm"](), search, spell_letters)
    assert list(found_ids(stream, "abc")) == []
    assert list(streamed(stream, "abc")) == []


@pytest.fixture(scope="module")
def cased():
    lines = ["The cat sat on the mat. A Dog ran", "to be or not, é"] * 9
    return CasedSubwords.train(lines, 300)


def spell(tokenizer):
    rows = lambda ids: tf.RaggedTensor.from_row_lengths(tf.constant(ids, tf.int32), [len(ids)])
    return lambda ids: tokenizer.detokenize(rows(ids))[0].numpy().decode()


TEXTS = ["A Dog: 猫 🐈 É", "", " a  b ", "naïve\ufffd", "\ufffdx"]


@pytest.mark.parametrize("text", TEXTS)
def test_parts_are_whole_characters_and_together_the_text(text, cased):
    for tokenizer in (Bytes(), cased):
        ids = tokenizer.tokenize(tf.constant([text]))[0].numpy().tolist() + [END]
        parts = list(text_parts(iter(ids), spell(tokenizer)))
        assert "".join(parts) == spell(tokenizer)(ids)
        assert all(parts)
        # What is no character is not told while it may become one.
        assert "\ufffd" in text or not any("\ufffd" in part for part in parts)


def test_any_ids_at_all_become_the_same_text_in_parts(cased):
    draw = np.random.default_rng(0)
    words = Words(["▁a", "b", ",", "▁c"])
    for tokenizer, _ in itertools.product((Bytes(), cased, words), range(3)):
        ids = draw.integers(UNKNOWN, tokenizer.size, 8).tolist()
        assert "".join(text_parts(ids, spell(tokenizer))) == spell(tokenizer)(ids)


def test_a_part_comes_with_the_id_that_ends_it():
    ids = Bytes().tokenize(tf.constant(["aé\ufffdb"]))[0].numpy().tolist()
    count = 0

    def counted():
        nonlocal count
        for count, id_ in enumerate(ids, start=1):
            yield id_

    assert [(part, count) for part in text_parts(counted(), spell(Bytes()))] == [
        ("a", 1),
        ("é", 3),
        ("\ufffdb", 7),
    ]
