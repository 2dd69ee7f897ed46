"""Searches made of others: for several targets a sentence, and for targets told as they come."""

import pytest

from pipelines import plugins
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.greedy_search import GreedySearch
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
