"""What every search promises, over every file of seq2seq/decoding."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines import plugins
from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.search import Search, Steps
from seq2seq.layers.rows import repeat_rows, take_rows

FOLDER = "seq2seq.decoding"
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "search"]
LIMITS = np.array([4, 1, 3, 2] * 5)
MODELS = 200
# Where the score is something else by default, or a search needs not be so large.
PLAIN: dict[str, dict] = {
    "beam_search": {"length_penalty": 0.0},
    "constrained_beam_search": {"length_penalty": 0.0},
    "contrastive_search": {"degeneration": 0.0},
    "diverse_beam_search": {"length_penalty": 0.0},
    "minimum_bayes_risk": {"samples": 3, "order": 2},  # which is quicker
}


class ShowingSteps(Steps):
    """Steps that show their logits for vectors, and guess wrong after every third id."""

    def guess(self, token, position, state):
        logits, state = self(token, position, state)
        return ops.where(ops.reshape(token, (-1, 1)) % 3 == 0, -logits, logits), state

    def look(self, token, position, state):
        logits, state = self(token, position, state)
        return logits, {"vectors": logits}, state


@pytest.fixture(params=KINDS)
def search(request):
    """Each search, with a score that is the plain log-probability."""
    section = {"kind": request.param}
    section |= PLAIN.get(request.param, {})
    return plugins.build(FOLDER, Search, section)


def test_the_searches_are_found_by_their_file_names():
    assert plugins.find(FOLDER, "greedy_search", Search) is GreedySearch
    assert plugins.find(FOLDER, "beam_search", Search) is BeamSearch
    for kind in KINDS:
        plugins.find(FOLDER, kind, Search)


def test_a_search_is_its_configuration_and_nothing_else(search):
    assert search == type(search)(**dataclasses.asdict(search))
    with pytest.raises(dataclasses.FrozenInstanceError):
        search.width = 7


def test_a_model_that_spells_a_word_is_followed_to_its_end(search, spelling_model):
    found = search(ShowingSteps(spelling_model([7, 4, 9]).step, {}), 2, 6)
    np.testing.assert_array_equal(found.ids[:, 0], [[7, 4, 9, END, PAD, PAD]] * 2)
    np.testing.assert_allclose(found.scores[:, 0], 0, atol=1e-5)


def test_a_hypothesis_cut_by_its_limit_has_no_end(search, spelling_model):
    found = search(ShowingSteps(spelling_model([7, 4, 9]).step, {}), 2, np.array([2, 4]))
    np.testing.assert_array_equal(found.ids[:, 0], [[7, 4, PAD, PAD], [7, 4, 9, END]])


def test_a_score_is_the_log_probability_of_its_ids_in_200_random_models(search, prefix_model):
    """Each sentence is a model of its own; longer limits than the others' are in here."""
    model, limits = prefix_model(vocabulary=11, seed=6), np.arange(MODELS) % 9 + 1
    found = search(ShowingSteps(model.step, model.begin(MODELS)), MODELS, limits)
    for first in range(MODELS):
        for ids, score in zip(np.asarray(found.ids[first]), np.asarray(found.scores[first])):
            assert float(score) == pytest.approx(model.log_probability(ids, first), abs=1e-5)


def test_padding_and_start_are_never_produced_and_only_padding_follows_end(search, prefix_model):
    model = prefix_model(seed=3)
    model.logits[:, [PAD, START]] += 5
    found = search(ShowingSteps(model.step, model.begin(20)), 20, LIMITS)
    for ids, limit in zip(np.asarray(found.ids[:, 0]), LIMITS):
        length = list(ids).index(END) + 1 if END in ids else limit
        assert length <= limit
        assert (ids[:length] >= END).all() and (ids[length:] == PAD).all()


def test_a_sentence_does_not_depend_on_the_others_or_on_their_limits(search, prefix_model):
    model = prefix_model(seed=1)
    together = search(ShowingSteps(model.step, model.begin(20)), 20, LIMITS)
    for first in range(0, 20, 5):
        alone = search(ShowingSteps(model.step, model.begin(1, first)), 1, LIMITS[first])
        limit = LIMITS[first]
        np.testing.assert_array_equal(together.ids[first, :, :limit], alone.ids[0])
        assert not np.any(together.ids[first, :, limit:])
        np.testing.assert_allclose(together.scores[first], alone.scores[0], rtol=1e-6)


def test_the_search_stops_when_all_sentences_are_done(search, prefix_model):
    model = prefix_model()
    model.logits[:, END] += 20
    search(ShowingSteps(model.step, model.begin(3)), 3, 50)
    # A step that guesses reads all that was guessed, too.
    assert model.calls <= max(2, 2 * getattr(search, "ahead", 0) + 1)


@pytest.mark.parametrize("limit", [3, np.zeros([0], "int32")])
def test_a_batch_of_none_gives_none(search, prefix_model, limit):
    model = prefix_model()
    found = search(ShowingSteps(model.step, model.begin(0)), 0, limit)
    assert found.ids.shape[:2] == (0, 1) and found.scores.shape == (0, 1)


def test_a_limit_of_nothing_gives_nothing(search, prefix_model):
    model = prefix_model()
    found = search(ShowingSteps(model.step, model.begin(2)), 2, np.array([0, 2]))
    assert not np.any(found.ids[0]) and np.any(found.ids[1])
    assert np.isfinite(found.scores).all()


def test_a_graph_of_core_operations_gives_what_eager_execution_gives(search, prefix_model):
    model = prefix_model(seed=5)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)] * 2)
    def run(first, limit):
        return search(ShowingSteps(model.step, {"hash": first}), tf.shape(first)[0], limit)

    first = ops.arange(20, dtype="int32")
    wanted = search(ShowingSteps(model.step, {"hash": first}), 20, LIMITS)
    found = run(first, LIMITS)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-6)
    graph = run.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for body in graph.library.function for node in body.node_def)]
    assert not [node.op for node in nodes if "Xla" in node.op or "PyFunc" in node.op]


def test_a_graph_of_known_shapes_is_searched_too(search, prefix_model):
    model = prefix_model(seed=5)
    run = tf.function(
        lambda first: search(ShowingSteps(model.step, {"hash": first}), tf.shape(first)[0], 4)
    )
    inside = run(tf.range(3))
    np.testing.assert_array_equal(
        inside.ids, search(ShowingSteps(model.step, model.begin(3)), 3, 4).ids
    )


def test_forbidden_tokens_are_never_chosen_and_nothing_becomes_nan(search, prefix_model):
    model = prefix_model(seed=2)
    model.logits[:, [3, 5]] = -1e9
    model.logits[:, 1] = -np.inf
    found = search(ShowingSteps(model.step, model.begin(20)), 20, 4)
    assert np.isfinite(found.scores).all()
    assert set(np.unique(found.ids[:, 0])) <= {PAD, END, 4}


def test_half_precision_logits_are_summed_in_full_precision(search, prefix_model):
    model = prefix_model(seed=4)

    def step(token, position, state):
        logits, state = model.step(token, position, state)
        return ops.cast(logits, "bfloat16"), state

    model.logits = np.asarray(ops.cast(ops.cast(model.logits, "bfloat16"), "float32"))
    found = search(ShowingSteps(step, model.begin(5)), 5, 4)
    for first, (ids, score) in enumerate(zip(found.ids[:, 0], found.scores[:, 0])):
        assert float(score) == pytest.approx(
            model.log_probability(np.asarray(ids), first), abs=1e-4
        )


def test_rows_are_repeated_side_by_side_and_taken_together():
    rows = {"keys": ops.arange(4).numpy().reshape(2, 2), "cells": [np.array([5, 6])]}
    repeated = repeat_rows(rows, 2)
    np.testing.assert_array_equal(repeated["keys"], [[0, 1], [0, 1], [2, 3], [2, 3]])
    taken = take_rows(repeated, np.array([2, 0]))
    np.testing.assert_array_equal(taken["keys"], [[2, 3], [0, 1]])
    np.testing.assert_array_equal(taken["cells"][0], [6, 5])
