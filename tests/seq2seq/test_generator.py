import json
import math
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END, PAD
from pipelines.tokenizers.bytes import Bytes
from seq2seq import text_batches
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.banned import Banned
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.constraints.prefix import Prefix
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.sampling import Sampling
from seq2seq.details import Details
from seq2seq.generated import Generated
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq


class Reverser(Seq2Seq):
    """Writes the source backwards, then END; the state counts what has been written.

    Some chance is left to every byte, drawn from a table, so that hypotheses differ in score.
    """

    def __init__(self, vocabulary: int):
        super().__init__()
        self.vocabulary = vocabulary
        self.table = self.add_weight(shape=(vocabulary, vocabulary), initializer="random_normal")

    def encode(self, source):
        return {"source": source, "length": ops.sum(ops.cast(source != PAD, "int32"), axis=1) - 1}

    def begin(self, memory, hypotheses=1, room=0):
        return {"written": ops.repeat(ops.zeros_like(memory["length"]), hypotheses)}

    def step(self, token, position, state, memory):
        rows = ops.shape(token)[0] // ops.shape(memory["source"])[0]
        source = ops.repeat(memory["source"], rows, axis=0)
        length = ops.repeat(memory["length"], rows, axis=0)
        logits = self._logits(token, state["written"], source, length)
        return logits, {"written": state["written"] + 1}

    def decode_with_attention(self, target, memory):
        columns = ops.arange(ops.shape(target)[1])
        written = ops.broadcast_to(columns[None], ops.shape(target))
        length = memory["length"][:, None]
        place = ops.where(written < length, length - 1 - written, length)
        attention = ops.one_hot(place, ops.shape(memory["source"])[1])
        return self._logits(target, written, memory["source"], length), attention

    def _logits(self, token, written, source, length):
        place = length - 1 - written
        flat = ops.reshape(ops.maximum(place, 0), (ops.shape(source)[0], -1))
        read = ops.reshape(ops.take_along_axis(source, flat, axis=1), ops.shape(written))
        wanted = ops.where(place >= 0, read, END)
        return 9.0 * ops.one_hot(wanted, self.vocabulary) + ops.take(self.table, token, axis=0)


TEXTS = ["stressed", "", "a", "Grüße, 世界", "no lemon no melon", "b" * 60, "live"]


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(1)
    tokenizer = Bytes()
    model = Reverser(tokenizer.size)
    return Generator(
        (tokenizer, tokenizer), model, BeamSearch(3, best=2), max_source=64, batch_tokens=200
    )


def answers(generator, texts):
    found = generator(tf.constant(texts, tf.string))
    return [text.decode() for text in found["text"].numpy()], found["score"].numpy()


def test_text_goes_in_and_text_comes_out(generator):
    found = generator(["stressed", "live", ""])
    assert found["text"].numpy().tolist() == [b"desserts", b"evil", b""]
    assert found["text"].dtype == tf.string and found["score"].dtype == tf.float32
    assert found["score"].shape == (3,)


def test_an_answer_does_not_depend_on_its_batch(generator):
    together, scores = answers(generator, TEXTS)
    for place, text in enumerate(TEXTS):
        (alone,), score = answers(generator, [text])
        assert alone == together[place]
        assert score[0] == pytest.approx(scores[place], rel=1e-4)


def test_a_batch_of_none_is_answered(generator):
    found = generator(tf.zeros([0], tf.string))
    assert found["text"].shape == (0,) and found["score"].shape == (0,)
    assert generator([])["text"].shape == (0,)


def test_a_long_line_is_cut_and_answered(generator):
    (found,), scores = answers(generator, ["x" * 10_000])
    assert found == "x" * 63
    assert np.isfinite(scores).all()


def test_bytes_that_are_no_utf8_are_read_and_valid_utf8_is_written(generator):
    found = generator(tf.constant([b"\xff\xfe abc \xc3", "ü".encode()]))
    for text in found["text"].numpy():
        text.decode("utf-8")


def test_each_target_has_a_limit_of_its_own(generator):
    tokenizer = Bytes()
    short = Generator(
        (tokenizer, tokenizer), generator.model, GreedySearch(), ratio=0.5, margin=1, max_target=5
    )
    found, _ = answers(short, ["abc", "abcdef", "abcdefghijklmnop"])
    assert found == ["cba", "fedc", "ponml"]


def test_offline_answers_come_in_order_and_equal_those_of_a_call(generator):
    texts = [text for text in TEXTS for _ in range(9)]
    random.Random(0).shuffle(texts)
    told = []
    found = list(generator.generate(iter(texts), told.append))
    expected, scores = answers(generator, texts)
    assert [answer.text for answer in found] == expected
    np.testing.assert_allclose([answer.score for answer in found], scores, rtol=1e-4)
    assert sum(told) == len(texts) and len(told) > 1
    assert isinstance(found[0], Generated)


def test_offline_batches_keep_the_budget(generator):
    texts = ["x" * length for length in (50, 3, 20, 7, 3, 3, 60)]
    batches = list(text_batches.batches(generator.lengths(texts), 200))
    assert sorted(place for places in batches for place in places) == list(range(7))
    for places in batches:
        longest = max(min(2 * (len(texts[place]) + 1) + 10, 256) for place in places)
        assert len(places) == 1 or len(places) * longest <= 200


def test_texts_are_read_only_as_far_as_needed(generator, monkeypatch):
    monkeypatch.setattr(text_batches, "WINDOW", 4)
    read = []
    endless = (read.append(1) or "ab" for _ in iter(int, 1))
    found = generator.generate(endless)
    assert [next(found).text for _ in range(5)] == ["ba"] * 5
    assert len(read) == 8


def test_one_string_is_not_mistaken_for_its_letters(generator):
    with pytest.raises(ValueError, match="several"):
        next(generator.generate("abc"))


def test_text_that_utf8_cannot_say_is_answered(generator):
    assert [answer.text for answer in generator.generate(["a\ud800b"])] == ["b?a"]


def test_the_score_of_what_greedy_search_found_is_its_log_probability(generator):
    greedy = Generator(
        (generator.source_tokenizer, generator.target_tokenizer), generator.model, GreedySearch()
    )
    texts = [text for text in TEXTS if text.isascii()]  # other bytes make no text backwards
    found = list(greedy.generate(texts))
    scores = list(greedy.score(texts, [answer.text for answer in found]))
    np.testing.assert_allclose(scores, [answer.score for answer in found], rtol=1e-4)


def test_other_targets_score_less(generator):
    right, wrong, nothing = generator.score(["live"] * 3, ["evil", "vile", ""])
    assert right > wrong and right > nothing
    assert math.isfinite(wrong) and math.isfinite(nothing)


def test_unequal_numbers_of_sources_and_targets_are_refused(generator):
    with pytest.raises(ValueError, match="no target 2"):
        list(generator.score(["a", "b"], ["a"]))


def test_the_best_targets_come_best_first_and_the_first_is_the_one(generator):
    texts = ["stressed", "live", "a"]
    found = list(generator.generate_nbest(texts))
    best = [targets[0] for targets in found]
    assert best == list(generator.generate(texts))
    for first, second in found:
        assert first.score > second.score and first.text != second.text
    served = generator.nbest(tf.constant(texts))
    assert served["text"].shape == served["score"].shape == (3, 2)
    assert served["text"][1, 0].numpy() == b"evil"


def test_details_tell_pieces_and_what_each_was_read_from(generator):
    (best, second), _ = generator.generate_nbest(["live", "ab"], details=True)
    details = best.details
    assert details.source == ["l", "i", "v", "e", "</s>"]
    assert details.pieces == ["e", "v", "i", "l", "</s>"] and details.ended
    assert details.attention.argmax(axis=1).tolist() == [3, 2, 1, 0, 4]
    assert details.links == [(3, 0), (2, 1), (1, 2), (0, 3)]
    assert details.alignment == "3-0 2-1 1-2 0-3"
    assert second.details.pieces != details.pieces
    assert json.loads(json.dumps(best.as_dict()))["pieces"] == details.pieces


def test_log_probabilities_of_pieces_add_up_to_the_score(generator):
    """The scores of a search that has a length penalty are those of its own."""
    texts = ["stressed", "", "no lemon"]
    explained = list(generator.generate(texts, details=True))
    assert [one[:2] for one in explained] == [one[:2] for one in generator.generate(texts)]
    sums = [sum(one.details.log_probabilities) for one in explained]
    penalties = [((5 + len(one.details.pieces)) / 6) ** 0.6 for one in explained]
    np.testing.assert_allclose(np.divide(sums, penalties), [one.score for one in explained], 1e-4)
    targets = [one.text for one in explained]
    again = list(generator.explain(texts, targets))
    np.testing.assert_allclose([one.score for one in again], sums, rtol=1e-4)
    np.testing.assert_allclose(list(generator.score(texts, targets)), sums, rtol=1e-4)
    assert [one.text for one in again] == targets


def test_a_target_is_told_as_it_comes(generator):
    """Bytes backwards are no characters, but for those of ASCII."""
    found = [list(generator.stream(text)) for text in TEXTS]
    assert found[0] == list("desserts") and found[1] == []
    assert ["".join(parts) for parts in found] == answers(generator, TEXTS)[0]


def test_what_is_cut_has_no_end_and_an_empty_source_no_links():
    short = Details(["a", "</s>"], ["b", "c"], False, [-1.0, -1.0], np.full((2, 2), 0.5))
    assert short.links == [(0, 0), (0, 1)]
    nothing = Details(["</s>"], ["b", "</s>"], True, [-1.0, -1.0], np.ones((2, 1)))
    assert nothing.links == [] and nothing.alignment == ""


@pytest.mark.parametrize("option", ["max_source", "max_target", "batch_tokens", "margin"])
def test_settings_without_room_for_an_id_are_refused(generator, option):
    with pytest.raises(ValueError, match=option):
        Generator((Bytes(), Bytes()), generator.model, **{option: 0})


def test_a_saved_and_reloaded_generator_gives_the_same_answers(generator, tmp_path):
    signatures = {
        "serving_default": generator.__call__.get_concrete_function(),
        "score": generator.log_probability.get_concrete_function(),
    }
    tf.saved_model.save(generator, str(tmp_path), signatures)
    loaded = tf.saved_model.load(str(tmp_path)).signatures
    found = loaded["serving_default"](text=tf.constant(TEXTS))
    expected, scores = answers(generator, TEXTS)
    assert [text.decode() for text in found["text"].numpy()] == expected
    np.testing.assert_array_equal(found["score"], scores)
    scored = loaded["score"](source=tf.constant(TEXTS), target=tf.constant(expected))["score"]
    np.testing.assert_allclose(scored, list(generator.score(TEXTS, expected)), rtol=1e-4)
    assert loaded["serving_default"](text=tf.zeros([0], tf.string))["text"].shape == (0,)


def test_constraints_are_read_by_the_targets_tokenizer(generator):
    tokenizers = (generator.source_tokenizer, generator.target_tokenizer)
    constraints = (Banned(("ve",)), MinimumLength(ratio=2.0), Prefix("le"))
    constrained = Generator(tokenizers, generator.model, GreedySearch(constraints=constraints))
    (found,), _ = answers(constrained, ["live"])
    assert found.startswith("le") and "ve" not in found and len(found) >= 9


def test_the_same_is_drawn_of_a_text_in_every_batch(generator):
    tokenizers = (generator.source_tokenizer, generator.target_tokenizer)
    drawn = Generator(tokenizers, generator.model, Sampling(temperature=3.0), ratio=1.0, margin=4)
    together, _ = answers(drawn, ["live", "melon", "live"])
    assert together[0] == together[2] != "evil"
    assert answers(drawn, ["melon"])[0] == together[1:2]
