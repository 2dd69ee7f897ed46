"""The score of a beam's hypotheses, beside the log-probability: length and coverage."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import START
from seq2seq.decoding.beam_search import UNREAD, BeamSearch
from seq2seq.decoding.search import Steps

CASES = 30
LIMIT = 4
EVERYTHING = 128
LENGTHS = np.array([1, 3, 2] * CASES)[:CASES]
SOURCES = np.where(np.arange(3) < LENGTHS[:, None], 7, 0).astype("int32")


class LookingSteps(Steps):
    """Steps of a `PrefixModel` that reads its source by a table of its prefixes."""

    def __init__(self, model, first, sources):
        super().__init__(model.step, {"hash": first, "real": sources != 0})
        self.table = np.random.default_rng(1).normal(scale=3, size=(len(model.logits), 3))

    def look(self, token, position, state):
        logits, following = self._step(token, position, state)
        read = ops.take(ops.convert_to_tensor(self.table, "float32"), following["hash"], axis=0)
        attention = ops.softmax(ops.where(state["real"], read, -1e9))
        return logits, {"attention": attention}, following | {"real": state["real"]}

    def unread(self, ids, first):
        """Adds up the logarithms of what was read of each token."""
        place, token, read = first, START, np.zeros(LENGTHS[first])
        for following in ids:
            place = (place * 31 + token * 7 + 3) % len(self.table)
            shares = np.exp(self.table[place, : LENGTHS[first]])
            read, token = read + shares / shares.sum(), following
        return np.log(np.clip(read, UNREAD, 1)).sum()


def test_an_exhaustive_beam_finds_the_best_mean_log_probability(prefix_model, written):
    model = prefix_model(seed=1)
    search = BeamSearch(EVERYTHING, 1.0, "average", stop="sure")
    found = search(Steps(model.step, model.begin(CASES)), CASES, LIMIT)
    for first in range(CASES):
        means = [(score / len(ids), ids) for score, ids in model.ranking(first, LIMIT, penalty=0.0)]
        score, ids = max(means)
        assert written(found.ids[first, 0]) == ids
        assert float(found.scores[first, 0]) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("stop", ["sure", "never"])
def test_an_exhaustive_beam_finds_the_best_with_its_coverage(prefix_model, written, stop):
    model = prefix_model(seed=2)
    steps = LookingSteps(model, model.begin(CASES)["hash"], SOURCES)
    search = BeamSearch(EVERYTHING, 0.6, coverage_penalty=0.7, stop=stop, best=2)
    found = search(steps, CASES, LIMIT, {"source": SOURCES})
    others = 0
    for first in range(CASES):
        plain = model.ranking(first, LIMIT, 0.6)
        ranking = sorted(((s + 0.7 * steps.unread(ids, first), ids) for s, ids in plain))[::-1]
        others += ranking[0][1] != plain[0][1]
        for place, (score, ids) in enumerate(ranking[:2]):
            assert written(found.ids[first, place]) == ids
            assert float(found.scores[first, place]) == pytest.approx(score, abs=1e-4)
    assert others > CASES / 10  # or nothing was shown


def test_coverage_leaves_with_its_sentence_in_a_graph_too(prefix_model):
    model = prefix_model(vocabulary=7, seed=3)
    search, limits = BeamSearch(3, coverage_penalty=0.5, best=3), np.arange(CASES) % 12 + 1
    both = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.int32)]

    @tf.function(input_signature=both)
    def graph(first, sources):
        steps = LookingSteps(model, first, sources)
        return search(steps, tf.shape(first)[0], tf.gather(limits, first), {"source": sources})

    together = graph(tf.range(CASES), SOURCES)
    for first in (0, 11, 22):
        alone = graph([first], SOURCES[first : first + 1])
        limit = limits[first]
        np.testing.assert_array_equal(together.ids[first, :, :limit], alone.ids[0])
        np.testing.assert_allclose(together.scores[first], alone.scores[0], rtol=1e-6)


def test_coverage_needs_steps_that_show_attention_and_a_source(prefix_model):
    model, search = prefix_model(), BeamSearch(coverage_penalty=0.2)
    steps = Steps(model.step, model.begin(1))
    with pytest.raises(ValueError, match="needs to be given 'source'"):
        search(steps, 1, 3)
    with pytest.raises(ValueError, match="do not show"):
        search(steps, 1, 3, {"source": SOURCES[:1]})
