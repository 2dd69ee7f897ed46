import numpy as np
import pytest

from seq2seq.metrics import Perplexity, TokenAccuracy

# Two rows of two tokens over a vocabulary of 3; the last token is padding.
LOGITS = np.log([[[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], [[0.3, 0.6, 0.1], [0.5, 0.25, 0.25]]])
LABELS = np.array([[1, 2], [2, 0]])
WEIGHTS = np.array([[1.0, 1.0], [1.0, 0.0]])


def measured(metric, *batches):
    for batch in batches:
        metric.update_state(*batch)
    return float(metric.result())


def test_accuracy_is_the_share_of_real_tokens_that_are_likeliest():
    assert measured(TokenAccuracy(), (LABELS, LOGITS, WEIGHTS)) == pytest.approx(2 / 3)


def test_perplexity_is_the_inverse_geometric_mean_of_probabilities():
    found = measured(Perplexity(), (LABELS, LOGITS, WEIGHTS))
    assert found == pytest.approx((0.5 * 0.8 * 0.1) ** (-1 / 3), rel=1e-5)


def test_a_uniform_guess_has_the_vocabulary_as_perplexity():
    assert measured(Perplexity(), (LABELS, np.zeros([2, 2, 3]), WEIGHTS)) == pytest.approx(3)


@pytest.mark.parametrize("kind", [TokenAccuracy, Perplexity])
def test_batches_count_by_their_tokens(kind):
    rows = [(LABELS[n : n + 1], LOGITS[n : n + 1], WEIGHTS[n : n + 1]) for n in range(2)]
    together = measured(kind(), (LABELS, LOGITS, WEIGHTS))
    assert measured(kind(), *rows) == pytest.approx(together, rel=1e-6)


@pytest.mark.parametrize("kind", [TokenAccuracy, Perplexity])
def test_a_metric_begins_anew_when_it_is_reset(kind):
    metric = kind()
    first = measured(metric, (LABELS, LOGITS, WEIGHTS))
    measured(metric, (LABELS, -LOGITS, WEIGHTS))
    metric.reset_state()
    assert measured(metric, (LABELS, LOGITS, WEIGHTS)) == first
