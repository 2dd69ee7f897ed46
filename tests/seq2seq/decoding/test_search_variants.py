"""Searches made of others: for several targets a sentence, and for targets told as they come."""

import numpy as np
import pytest

from pipelines import plugins
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.minimum_bayes_risk import MinimumBayesRisk
from seq2seq.decoding.sampling import Sampling
from seq2seq.decoding.search import Search, Steps

FOLDER = "seq2seq.decoding"
LONG = (MinimumLength(3),)
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "search"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_streams_one_target_under_its_own_constraints(kind):
    search = plugins.build(FOLDER, Search, {"kind": kind, "constraints": LONG})
    streaming = search.streaming()
    assert streaming.begin(2, 5).token.shape == (2, 1)
    assert streaming.constraints == LONG
    assert streaming.streaming() == streaming


@pytest.mark.parametrize("search", [BeamSearch(3), Sampling(seed=5)], ids=["beam", "sampling"])
def test_a_search_finds_as_many_as_are_wanted(search, prefix_model):
    model = prefix_model()
    found = search.several(3)(Steps(model.step, model.begin(2)), 2, 4)
    assert found.ids.shape[:2] == found.scores.shape == (2, 3)


def test_more_than_a_search_can_find_is_refused():
    with pytest.raises(ValueError, match="GreedySearch finds one target a sentence, not 2"):
        GreedySearch().several(2)
    with pytest.raises(ValueError, match="best = 4 hypotheses of a beam of width = 3"):
        BeamSearch(3).several(4)


@pytest.mark.parametrize(
    "search, kept",
    [
        (GreedySearch(), 1),
        (BeamSearch(3), 3),
        (Sampling(samples=2), 2),
        (MinimumBayesRisk(samples=7), 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_search_keeps_it_can_give_and_the_best_stays_the_best(search, kept, prefix_model):
    assert search.kept == kept
    model = prefix_model(seed=2)
    several = search.several(kept)(Steps(model.step, model.begin(2)), 2, 4)
    assert several.ids.shape[1] == kept
    alone = search(Steps(model.step, model.begin(2)), 2, 4)
    np.testing.assert_array_equal(several.ids[:, 0], alone.ids[:, 0])
    np.testing.assert_array_equal(several.scores[:, 0], alone.scores[:, 0])


@pytest.mark.parametrize("search", [GreedySearch(constraints=LONG), BeamSearch(constraints=LONG)])
def test_any_search_can_be_made_to_draw_under_its_constraints(search):
    assert search.sampling() == Sampling(constraints=LONG)


def test_a_search_that_draws_keeps_its_cuts_that_no_sentence_asks_for():
    search = MinimumBayesRisk(epsilon=0.1, min_p=0.2, top_k=5, constraints=LONG)
    assert search.sampling() == Sampling(epsilon=0.1, min_p=0.2, constraints=LONG)
