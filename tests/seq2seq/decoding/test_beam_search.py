import numpy as np
import pytest
from keras import ops

from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.parts import best_of as grouping
from seq2seq.decoding.parts.best_of import best_continuations, best_of
from seq2seq.decoding.search import Steps

CASES = 200
# Of 3 words, there are 121 targets of at most 4 ids: a beam of 128 can hold them all.
EVERYTHING = 128


@pytest.mark.parametrize("penalty", [0.0, 0.6])
@pytest.mark.parametrize("stop", ["full", "sure", "never"])
def test_a_beam_that_holds_everything_finds_the_best_of_all(prefix_model, written, penalty, stop):
    model = prefix_model()
    limits = np.arange(CASES) % 4 + 1
    search = BeamSearch(EVERYTHING, penalty, stop=stop, best=3)
    found = search(Steps(model.step, model.begin(CASES)), CASES, limits)
    for first in range(CASES):
        for place, (score, ids) in enumerate(model.ranking(first, limits[first], penalty)[:3]):
            assert float(found.scores[first, place]) == pytest.approx(score, abs=1e-5)
            assert written(found.ids[first, place]) == ids


def test_a_beam_of_one_is_greedy(prefix_model):
    for penalty in (0.0, 0.6):
        model = prefix_model(seed=7)
        greedy = GreedySearch()(Steps(model.step, model.begin(CASES)), CASES, 8)
        beam = BeamSearch(1, penalty)(Steps(model.step, model.begin(CASES)), CASES, 8)
        np.testing.assert_array_equal(beam.ids, greedy.ids)
        lengths = np.count_nonzero(greedy.ids, axis=-1)
        wanted = greedy.scores / ((5 + lengths) / 6) ** penalty
        np.testing.assert_allclose(beam.scores, wanted, rtol=1e-5)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_stopping_as_soon_as_nothing_can_change_changes_nothing(prefix_model, penalty):
    model = prefix_model(vocabulary=5, seed=8)
    exact = BeamSearch(3, penalty, stop="sure")
    exhaustive = BeamSearch(3, penalty, stop="never")
    found = exact(Steps(model.step, model.begin(CASES)), CASES, 12)
    calls, model.calls = model.calls, 0
    wanted = exhaustive(Steps(model.step, model.begin(CASES)), CASES, 12)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores)
    assert calls <= model.calls == 12


def test_hypotheses_are_distinct_and_best_first(prefix_model, written):
    model = prefix_model(seed=9)
    found = BeamSearch(6, best=6)(Steps(model.step, model.begin(CASES)), CASES, 7)
    assert (np.diff(found.scores, axis=1) <= 0).all()
    for ids, scores in zip(np.asarray(found.ids), np.asarray(found.scores)):
        there = [written(row) for row, score in zip(ids, scores) if score > NEVER]
        assert len(set(there)) == len(there) > 0


def test_scores_of_all_hypotheses_are_their_penalised_log_probabilities(prefix_model, written):
    model = prefix_model(seed=10)
    found = BeamSearch(5, 0.6, best=5)(Steps(model.step, model.begin(20)), 20, 7)
    for first in range(20):
        for ids, score in zip(found.ids[first], found.scores[first]):
            ids = written(ids)
            wanted = model.log_probability(ids, first) / ((5 + len(ids)) / 6) ** 0.6
            assert float(score) == pytest.approx(wanted, abs=1e-4)


def test_a_wider_beam_returns_no_fewer_hypotheses_than_asked(prefix_model, written):
    model = prefix_model(vocabulary=4)  # END and one word: 3 targets of at most 2 ids
    found = BeamSearch(5, 0.0, best=5)(Steps(model.step, model.begin(1)), 1, 2)
    assert {written(ids) for ids in found.ids[0, :3]} == {(END,), (3, END), (3, 3)}
    assert not np.any(found.ids[0, 3:])
    np.testing.assert_array_equal(found.scores[0, 3:], [NEVER, NEVER])


def test_a_finished_sentence_is_frozen_while_others_go_on():
    """The first sentence finishes at once; its later continuations would score better."""

    def step(token, position, state):
        sure = ops.where(ops.arange(6) == END, 30.0 * ops.cast(position, "float32"), 0.0)
        late = ops.where(ops.arange(6) == 3, 30.0, ops.where(ops.arange(6) == END, -1e9, 0.0))
        logits = ops.where(state["quick"][:, None], sure, late)
        return logits, state

    search = BeamSearch(2, 2.0)
    alone = search(Steps(step, {"quick": np.array([True])}), 1, 9)
    both = search(Steps(step, {"quick": np.array([True, False])}), 2, 9)
    np.testing.assert_array_equal(both.ids[0], alone.ids[0])
    np.testing.assert_array_equal(both.scores[0], alone.scores[0])
    assert np.count_nonzero(both.ids[1]) == 9 > np.count_nonzero(both.ids[0])


def test_an_end_beyond_the_first_k_does_not_finish():
    """Width 1: at first END is second best (0.3 against 0.6), then sure. Worked by hand."""

    def step(token, position, state):
        table = np.log(np.array([[1e-9, 1e-9, 0.3, 0.6, 0.1], [1e-9, 1e-9, 0.9, 0.05, 0.05]]))
        row = ops.take(ops.convert_to_tensor(table, "float32"), ops.minimum(position, 1), axis=0)
        return ops.broadcast_to(row, (ops.shape(token)[0], 5)), state

    found = BeamSearch(1, 0.0)(Steps(step, {}), 1, 4)
    np.testing.assert_array_equal(found.ids[0, 0], [3, END, PAD, PAD])
    assert float(found.scores[0, 0]) == pytest.approx(np.log(0.6 * 0.9), abs=1e-5)
    wider = BeamSearch(2, 1.0, best=2)(Steps(step, {}), 1, 4)
    np.testing.assert_array_equal(wider.ids[0], [[3, END, PAD, PAD], [END, PAD, PAD, PAD]])
    wanted = [np.log(0.6 * 0.9) / (7 / 6), np.log(0.3)]
    np.testing.assert_allclose(wider.scores[0], wanted, rtol=1e-5)


def test_a_sentence_whose_continuations_are_all_forbidden_ends_there():
    """After its first token the sentence may only say PAD: there is nothing to return."""

    def step(token, position, state):
        row = ops.where(ops.arange(5) == PAD, 0.0, -1e9)
        return ops.broadcast_to(row, (ops.shape(token)[0], 5)), state

    found = BeamSearch(3)(Steps(step, {}), 2, 4)
    assert not np.any(found.ids)
    np.testing.assert_array_equal(found.scores, [[NEVER], [NEVER]])


@pytest.mark.parametrize(
    "fields",
    [{"width": 0}, {"best": 5}, {"best": 0}, {"length_penalty": -1.0}, {"coverage_penalty": -0.1}],
)
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValueError, match="choose"):
        BeamSearch(**fields)


@pytest.mark.parametrize("size", [20, 64, 97, 1000])
@pytest.mark.parametrize("step", [0.0001, 0.5])
def test_the_best_of_a_row_are_those_of_sorting_it(size, step):
    """With steps of a half there are many ties; the first of equals is the one argmax finds."""
    draw = np.random.default_rng(size).normal(size=(30, size))
    logits = (np.round(draw / step) * step).astype("float32")
    values, ids = (np.asarray(found) for found in best_of(ops.convert_to_tensor(logits), 3))
    np.testing.assert_array_equal(values, -np.sort(-logits, axis=1)[:, :3])
    np.testing.assert_array_equal(np.take_along_axis(logits, ids, axis=1), values)
    np.testing.assert_array_equal(ids[:, 0], logits.argmax(axis=1))
    assert all(len(set(row)) == 3 for row in ids)


@pytest.mark.parametrize("size", [5, 64, 97, 1000])
@pytest.mark.parametrize("loud", [0.0, 200.0])
@pytest.mark.parametrize("share", [0.0, 0.9], ids=["free", "constrained"])
def test_the_best_continuations_are_those_of_sorting_all(size, loud, share):
    """PAD and START are the likeliest of all, where loud, and most is forbidden, where it is."""
    numbers = np.random.default_rng(size)
    logits = numbers.normal(size=(7 * 4, size)).astype("float32")
    logits[:, [PAD, START]] += loud
    score = numbers.normal(size=(7, 4)).astype("float32") * 3
    score[0, 1:] = NEVER
    forbidden = numbers.random(logits.shape) < share
    forbidden[:, END] = False
    allowed = np.where(forbidden, np.float32(NEVER), logits)
    given = ops.convert_to_tensor(logits)
    left = given if share == 0 else ops.convert_to_tensor(allowed)
    found, token, parent = map(
        np.asarray, best_continuations(given, left, ops.convert_to_tensor(score), 8)
    )
    gain = allowed - np.log(np.exp(logits.astype("float64")).sum(axis=1, keepdims=True))
    gain[:, [PAD, START]] = NEVER
    wanted = np.maximum(score.reshape(-1, 1) + gain, NEVER).reshape(7, -1)
    np.testing.assert_allclose(found, -np.sort(-wanted, axis=1)[:, :8], 1e-6, 1e-5)
    said = np.take_along_axis(wanted, parent * size + token, axis=1)
    there = found > NEVER / 2
    np.testing.assert_allclose(said[there], found[there], 1e-6, 1e-5)
    assert there.any(axis=1).all() and (token[there] >= END).all()


def test_looking_at_groups_first_changes_nothing(prefix_model, monkeypatch):
    model, search = prefix_model(vocabulary=500, seed=11), BeamSearch(3, best=3)
    found = search(Steps(model.step, model.begin(CASES)), CASES, 6)
    monkeypatch.setattr(grouping, "WIDTHS", (1000,))
    wanted = search(Steps(model.step, model.begin(CASES)), CASES, 6)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_array_equal(found.scores, wanted.scores)
