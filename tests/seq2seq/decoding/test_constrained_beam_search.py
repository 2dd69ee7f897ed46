import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constrained_beam_search import ConstrainedBeamSearch
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.constraints.no_repeat_ngram import NoRepeatNgram
from seq2seq.decoding.parts.phrases import count_said, next_of, progress_of
from seq2seq.decoding.search import Steps

CASES = 30
LIMIT = 4
EVERYTHING = 128
# Of each sentence two phrases of at most three ids; some have but one, or none.
REQUIRED = np.array(
    [[[4, 5, 0], [3, 0, 0]], [[5, 5, 3], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]], [[4, 4, 0], [4, 5, 0]]]
    * CASES,
    "int32",
)[:CASES]


def says(ids, phrase):
    return any(ids[place : place + len(phrase)] == phrase for place in range(len(ids)))


def says_all(ids, phrases):
    return all(
        says(ids, tuple(token for token in phrase if token)) for phrase in phrases if any(phrase)
    )


def run(search, model, required=REQUIRED, first=0, limit=LIMIT):
    sentences = len(required)
    steps = Steps(model.step, model.begin(sentences, first))
    return search(steps, sentences, limit, {"required": required})


def test_a_beam_that_holds_everything_finds_the_best_of_those_that_say_it(prefix_model, written):
    model = prefix_model(seed=1)
    search = ConstrainedBeamSearch(EVERYTHING, 0.6, best=3, stop="sure", required=([3],))
    found = run(search, model)
    for first in range(CASES):
        phrases = [*REQUIRED[first], (3,)]
        best = [each for each in model.ranking(first, LIMIT, 0.6) if says_all(each[1], phrases)]
        for place, (score, ids) in enumerate(best[:3]):
            assert written(found.ids[first, place]) == ids
            assert float(found.scores[first, place]) == pytest.approx(score, abs=1e-5)


def test_a_small_beam_says_what_is_required(prefix_model, written):
    model = prefix_model(vocabulary=40, seed=2)
    required = np.random.default_rng(3).integers(3, 40, (CASES, 2, 3)).astype("int32")
    required[::2, 0, 2] = required[::3, 1, 1:] = 0
    found = run(ConstrainedBeamSearch(8, 0.0, best=2), model, required, limit=12)
    for first in range(CASES):
        for ids, score in zip(found.ids[first], np.asarray(found.scores[first])):
            ids = written(ids)
            assert says_all(ids, required[first])
            assert score == pytest.approx(model.log_probability(ids, first), abs=1e-4)


def test_with_nothing_required_it_is_a_beam(prefix_model):
    model = prefix_model(vocabulary=9, seed=4)
    nothing = np.zeros_like(REQUIRED)
    for options in ({}, {"constraints": (NoRepeatNgram(1),), "stop": "sure"}):
        found = run(ConstrainedBeamSearch(3, best=3, **options), model, nothing, limit=7)
        wanted = BeamSearch(3, best=3, **options)(Steps(model.step, model.begin(CASES)), CASES, 7)
        np.testing.assert_array_equal(found.ids, wanted.ids)
        np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-6)


def test_a_sentence_does_not_depend_on_the_others_in_a_graph_too(prefix_model):
    model = prefix_model(vocabulary=9, seed=5)
    search = ConstrainedBeamSearch(5, best=3, required=([7],))

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None] * 3, tf.int32)]
    )
    def graph(first, required):
        steps = Steps(model.step, {"hash": first})
        return search(steps, tf.shape(first)[0], 9, {"required": required})

    together = graph(tf.range(CASES), REQUIRED)
    for first in (0, 1, 2, 3):
        alone = graph([first], REQUIRED[first : first + 1])
        np.testing.assert_array_equal(together.ids[first], alone.ids[0])
        np.testing.assert_allclose(together.scores[first], alone.scores[0], rtol=1e-6)


def test_a_limit_that_leaves_no_room_gives_nothing(prefix_model):
    found = run(ConstrainedBeamSearch(4, required=([3, 4, 5],)), prefix_model(), limit=2)
    assert not np.any(found.ids) and np.all(found.scores == NEVER)


def test_progress_is_found_where_phrases_begin_again():
    """After 4 4, the phrase 4 4 5 has 5 next; after one more 4 still; after 3 its first id."""
    phrases = ops.convert_to_tensor([[[4, 4, 5], [3, 0, 0]]] * 3)
    ids = ops.convert_to_tensor([[4, 4, 0, 0], [4, 4, 4, 0], [4, 4, 3, 0]])
    for position, wanted in ((2, [5, 3]), (3, [5, 3]), (3, [4, 0])):
        row = wanted == [4, 0] and 2 or position - 2
        progress = progress_of(ids[row : row + 1], position, phrases[:1])
        np.testing.assert_array_equal(next_of(progress, phrases[:1])[0], wanted)
    progress = progress_of(ids[:1], 2, phrases[:1])
    # With 5 the phrase is said (3 ids); 4 goes on from its second id; 3 says the other, and
    # breaks it off; END breaks it off.
    count = count_said(progress, phrases[:1], ops.convert_to_tensor([[5, 4, 3, END]]))
    np.testing.assert_array_equal(count[0], [3, 2, 1, 0])


def test_required_texts_are_read_by_the_targets_reader():
    search = ConstrainedBeamSearch(required=("ab", (9,)))
    read = search.read(None, lambda texts: [list(map(ord, text)) for text in texts])
    assert read == dataclasses.replace(search, required=((97, 98), (9,)))
    with pytest.raises(ValueError, match="empty"):
        ConstrainedBeamSearch(required=("",))
