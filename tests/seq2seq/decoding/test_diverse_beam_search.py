import numpy as np
import pytest

from pipelines.special_tokens import END, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.diverse_beam_search import DiverseBeamSearch
from seq2seq.decoding.search import Steps

CASES = 40
LIMIT = 5


def run(search, model):
    return search(Steps(model.step, model.begin(CASES)), CASES, LIMIT)


def same(found, wanted):
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-6)


def test_one_group_is_a_beam(prefix_model):
    model = prefix_model(seed=1, vocabulary=8)
    for stop in ("full", "sure"):
        diverse = DiverseBeamSearch(4, groups=1, diversity=9.0, stop=stop, best=4)
        same(run(diverse, model), run(BeamSearch(4, stop=stop, best=4), model))


def test_groups_that_may_say_the_same_do(prefix_model):
    model = prefix_model(seed=2, vocabulary=8)
    found = run(DiverseBeamSearch(6, groups=3, diversity=0.0, best=2), model)
    same(found, run(BeamSearch(2, stop="sure", best=2), model))


def greedy_groups(model, first, diversity, groups):
    """Lets groups of one hypothesis choose in turn, the plain way -> their targets."""
    targets = [()] * groups
    for _ in range(LIMIT):
        said = []
        for group, ids in enumerate(targets):
            if END in ids:
                continue
            words = range(END, model.logits.shape[1])
            worth = {
                word: model.log_probability((*ids, word), first) - diversity * said.count(word)
                for word in words
            }
            targets[group] = (*ids, max(worth, key=worth.get))
            # What goes on says something else than END.
            said.append(max(worth.keys() - {END}, key=worth.get))
    return targets


@pytest.mark.parametrize("diversity", [0.7, 1000.0])
def test_groups_of_one_choose_in_turn(prefix_model, written, diversity):
    model = prefix_model(seed=3, vocabulary=8)
    search = DiverseBeamSearch(3, 0.0, stop="full", best=3, groups=3, diversity=diversity)
    found = run(search, model)
    for first in range(CASES):
        wanted = set(greedy_groups(model, first, diversity, 3))
        ids = [written(each) for each in found.ids[first]]
        assert {each for each in ids if each} == wanted
        for each, score in zip(ids, np.asarray(found.scores[first])):
            if each:
                assert score == pytest.approx(model.log_probability(each, first), abs=1e-5)
    assert START not in np.asarray(found.ids)


@pytest.mark.parametrize("fields", [{"groups": 4}, {"groups": 0}, {"diversity": -0.5}])
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValueError, match="choose"):
        DiverseBeamSearch(**fields)
