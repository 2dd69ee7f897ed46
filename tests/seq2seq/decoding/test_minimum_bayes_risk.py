import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

from seq2seq.decoding.minimum_bayes_risk import MinimumBayesRisk
from seq2seq.decoding.sampling import Sampling
from seq2seq.decoding.search import Steps

SAMPLES = 6
LENGTHS = [4, 9, 12, 5, 7, 12]


@pytest.fixture
def targets():
    """Targets over few ids, so that runs come again; all but one END."""
    draw = np.random.default_rng(5).integers(3, 7, (2, SAMPLES, 13))
    for place, length in enumerate(LENGTHS):
        draw[:, place, length:] = 0
        draw[:, place, length] = 2
    return draw.astype("int32")


def mean_of(score, targets):
    """Compares texts, a letter an id, as sacreBLEU does."""
    said = [["".join(chr(95 + i) for i in ids if i > 2) for ids in each] for each in targets]
    return np.array([[np.mean([score(a, b) for b in texts]) for a in texts] for texts in said])


def test_chrf_is_that_of_sacrebleu(targets):
    metric = CHRF(char_order=4)
    wanted = mean_of(lambda text, other: metric.sentence_score(text, [other]).score, targets)
    found = MinimumBayesRisk(samples=SAMPLES).mean_utility(targets)
    np.testing.assert_allclose(found, wanted / 100, rtol=1e-5)


def test_bleu_is_that_of_sacrebleu(targets):
    metric = BLEU(smooth_method="add-k", smooth_value=1, tokenize="char")
    wanted = mean_of(lambda text, other: metric.sentence_score(text, [other]).score, targets)
    found = MinimumBayesRisk(samples=SAMPLES, utility="bleu").mean_utility(targets)
    np.testing.assert_allclose(found, wanted / 100, rtol=1e-5)


@pytest.mark.parametrize("utility", ["bleu", "chrf"])
def test_what_is_too_short_for_a_run_has_a_finite_utility(utility):
    ids = np.array([[[2, 0, 0, 0], [3, 2, 0, 0], [3, 4, 2, 0], [0, 0, 0, 0]]], "int32")
    found = np.asarray(MinimumBayesRisk(samples=4, utility=utility).mean_utility(ids))
    assert np.isfinite(found).all() and (0 <= found).all() and (found <= 1).all()


def test_the_sample_most_like_the_others_comes_first(prefix_model, written):
    model = prefix_model(seed=1)
    steps = lambda: Steps(model.step, model.begin(10))
    risk = MinimumBayesRisk(samples=8, best=8, epsilon=0.0)
    found = risk(steps(), 10, 9)
    drawn = Sampling(samples=8)(steps(), 10, 9)
    assert (np.diff(risk.mean_utility(found.ids), axis=1) <= 1e-6).all()
    for first in range(10):
        assert sorted(map(written, found.ids[first])) == sorted(map(written, drawn.ids[first]))
        for ids, score in zip(found.ids[first], np.asarray(found.scores[first])):
            assert score == pytest.approx(model.log_probability(written(ids), first), abs=1e-5)
    alone = MinimumBayesRisk(samples=8, epsilon=0.0)(steps(), 10, 9)
    np.testing.assert_array_equal(alone.ids[:, 0], found.ids[:, 0])


@pytest.mark.parametrize("fields", [{"best": 33}, {"best": 0}, {"order": 0}, {"samples": 0}])
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValueError, match="choose"):
        MinimumBayesRisk(**fields)
