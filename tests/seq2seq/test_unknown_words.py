import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END, PAD, UNKNOWN
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.words import Words
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq

KNOWN = Words(["▁the", "▁cat", "▁sat", "."])
TEXTS = ["the zebra sat.", "the cat sat.", "", "cat zebra-crossing gnu"]


class Copier(Seq2Seq):
    """Says the source backwards, and has read each id that it says."""

    def __init__(self):
        super().__init__()
        self.built = True

    def encode(self, source):
        return {"source": source, "length": ops.sum(ops.cast(source != PAD, "int32"), axis=1) - 1}

    def begin(self, memory, hypotheses=1, room=0):
        return {}

    def _places(self, positions, memory):
        """Names what is said at positions [T] -> [B, T], END's place at the end."""
        place = memory["length"][:, None] - 1 - positions
        return ops.where(place >= 0, place, memory["length"][:, None])

    def step(self, token, position, state, memory):
        place = self._places(ops.reshape(position, (1,)), memory)
        said = ops.take_along_axis(memory["source"], place, axis=1)[:, 0]
        rows = ops.shape(token)[0] // ops.shape(said)[0]
        return 20.0 * ops.one_hot(ops.repeat(said, rows), KNOWN.size), state

    def decode_with_attention(self, target, memory):
        place = self._places(ops.arange(ops.shape(target)[1]), memory)
        said = ops.take_along_axis(memory["source"], place, axis=1)
        attention = ops.one_hot(place, ops.shape(memory["source"])[1])
        return 20.0 * ops.one_hot(said, KNOWN.size), attention


def generator(**options):
    return Generator((KNOWN, KNOWN), Copier(), BeamSearch(2, stop="sure", best=2), **options)


def texts_of(generator, texts=TEXTS):
    return [one.text for one in generator.generate(texts)]


def test_unknown_words_are_those_of_the_source_that_were_read():
    without = [". sat \ufffd the", ". sat cat the", "", "\ufffd \ufffd \ufffd \ufffd cat"]
    assert texts_of(generator()) == without
    assert texts_of(generator(replace_unknown=True)) == WITH_WORDS


# A word takes along whether a space stood in front of it.
WITH_WORDS = [". sat zebra the", ". sat cat the", "", "gnucrossing- zebra cat"]


def test_all_hypotheses_and_details_have_the_words_too():
    found = generator(replace_unknown=True)
    for several in (found.generate_nbest(TEXTS), found.generate_nbest(TEXTS, details=True)):
        assert [first.text for first, *_ in several] == WITH_WORDS


def test_a_batch_of_none_has_none_to_replace():
    answer = generator(replace_unknown=True)(tf.constant([], tf.string))
    assert answer["text"].shape == answer["score"].shape == (0,)


def test_a_word_beyond_the_longest_source_is_not_read():
    found = generator(replace_unknown=True, max_source=3)
    assert texts_of(found, ["zebra cat gnu"]) == ["cat zebra"]


def test_a_tokenizer_without_words_is_refused():
    with pytest.raises(ValueError, match="Bytes has no words .*replace_unknown off"):
        Generator((Bytes(), Bytes()), Copier(), replace_unknown=True)


def test_words_keep_their_spaces_and_what_is_not_there_stays_unknown():
    ids = tf.ragged.constant([[4, UNKNOWN, 7, UNKNOWN], [UNKNOWN, END], []], dtype=tf.int32)
    unknown = tf.ragged.constant([["", "▁gnu", "", "!"], ["", ""], []])
    said = KNOWN.detokenize_with(ids, unknown).numpy().tolist()
    assert [one.decode() for one in said] == ["the gnu.!", "\ufffd", ""]
