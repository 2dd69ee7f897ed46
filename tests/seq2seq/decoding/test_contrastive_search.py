import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END, START
from seq2seq.decoding.constraints.banned import Banned
from seq2seq.decoding.contrastive_search import ContrastiveSearch
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.search import Steps

CASES = 30
LIMIT = 6


class ShowingSteps(Steps):
    """Steps of a `PrefixModel` that shows a vector of each prefix."""

    def __init__(self, model, first):
        super().__init__(model.step, {"hash": first})
        self.vectors = np.random.default_rng(2).normal(size=(len(model.logits), 2))

    def look(self, token, position, state):
        logits, state = self(token, position, state)
        vectors = ops.convert_to_tensor(self.vectors, "float32")
        return logits, {"vectors": ops.take(vectors, state["hash"], axis=0)}, state

    def target(self, model, first, candidates, degeneration):
        """Searches the plain way -> ids."""
        read = lambda place, token: (place * 31 + token * 7 + 3) % len(self.vectors)
        cosine = lambda one, other: np.dot(
            *(v / np.linalg.norm(v) for v in self.vectors[[one, other]])
        )
        ids, places = (), [read(first, START)]
        while END not in ids and len(ids) < LIMIT:
            gains = {
                word: model.log_probability((*ids, word), first) - model.log_probability(ids, first)
                for word in range(END, model.logits.shape[1])
            }
            worth = {}
            for word in sorted(gains, key=gains.get)[-candidates:]:
                similar = max(cosine(read(places[-1], word), place) for place in places)
                worth[word] = (1 - degeneration) * np.exp(gains[word]) - degeneration * similar
            ids = (*ids, max(worth, key=worth.get))
            places.append(read(places[-1], ids[-1]))
        return ids


def run(search, model, first=range(CASES)):
    first = ops.convert_to_tensor(list(first), "int32")
    return search(ShowingSteps(model, first), len(first), LIMIT)


def test_what_is_likely_and_new_is_said(prefix_model, written):
    model = prefix_model(seed=1, vocabulary=9)
    for options in ({"candidates": 3, "degeneration": 0.5}, {"candidates": 5, "degeneration": 1.0}):
        found = run(ContrastiveSearch(**options), model)
        steps = ShowingSteps(model, None)
        for first in range(CASES):
            ids = written(found.ids[first, 0])
            assert ids == steps.target(model, first, **options)
            wanted = model.log_probability(ids, first)
            assert float(found.scores[first, 0]) == pytest.approx(wanted, abs=1e-5)


def test_without_degeneration_it_is_greedy(prefix_model):
    model = prefix_model(seed=2, vocabulary=9)
    constraints = (Banned(((4,),)),)
    found = run(ContrastiveSearch(degeneration=0.0, constraints=constraints), model)
    wanted = run(GreedySearch(constraints=constraints), model)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-5)


def test_a_sentence_does_not_depend_on_the_others_in_a_graph_too(prefix_model):
    model = prefix_model(seed=3, vocabulary=9)
    graph = tf.function(
        lambda first: ContrastiveSearch()(ShowingSteps(model, first), tf.shape(first)[0], LIMIT),
        input_signature=[tf.TensorSpec([None], tf.int32)],
    )
    together = graph(tf.range(CASES))
    for first in (0, 7, 19):
        alone = run(ContrastiveSearch(), model, [first])
        np.testing.assert_array_equal(together.ids[first], alone.ids[0])
        np.testing.assert_allclose(together.scores[first], alone.scores[0], rtol=1e-6)


@pytest.mark.parametrize("fields", [{"candidates": 0}, {"degeneration": 1.5}])
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValueError, match="choose"):
        ContrastiveSearch(**fields)
