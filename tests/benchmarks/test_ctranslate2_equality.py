"""Compares texts with CTranslate2's, from the same weights: `make benchmark`.

Set DECODED_RUN to a trained run of a Transformer and DECODED_TEXTS to a file of its source texts.
Where two texts differ, both are forced upon our model: scores tell whether it was a tie.
"""

import os
from pathlib import Path

import pytest
import tensorflow as tf

from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.engines.ctranslate2_model.ctranslate2_generator import CTranslate2Generator
from seq2seq.engines.engine import make_engine
from seq2seq.run import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DECODED_RUN" not in os.environ, reason="DECODED_RUN names no run"),
]
SEARCHES = {
    "greedy": GreedySearch(),
    "beam 5": BeamSearch(5, length_penalty=1.0, penalty="average"),
}
TIE = 1e-3  # of a log-probability a token, in sums of float32 in another order


@pytest.fixture(scope="module")
def texts():
    return Path(os.environ["DECODED_TEXTS"]).read_text(encoding="utf-8").splitlines()[:1000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("engine") / "model"
    made = Run(os.environ["DECODED_RUN"], ["search.penalty=average"]).generator()
    return make_engine("ctranslate2").write(made, folder, texts[:3])


def answers(generator, texts):
    return [one.text for one in generator.generate(texts)]


def mean_of(generator, source, target):
    """Gives the log-probability of a target, a token: forced upon our model."""
    ids = tf.size(generator.target_tokenizer.tokenize(tf.constant([target])).flat_values) + 1
    return next(generator.score([source], [target])) / float(ids)


@pytest.mark.parametrize("name", SEARCHES)
def test_texts_are_those_of_ctranslate2_but_for_ties(name, texts, folder):
    run = Run(os.environ["DECODED_RUN"])
    ours = run.recipe.generator(run.tokenizers, run.model(), SEARCHES[name])
    theirs = CTranslate2Generator(folder, SEARCHES[name])
    pairs = zip(texts, answers(ours, texts), answers(theirs, texts))
    differing = [(source, one, other) for source, one, other in pairs if one != other]
    print(f"\n{name}: {len(texts) - len(differing)} of {len(texts)} texts are the same")
    gaps = []
    for source, one, other in differing:
        scores = [mean_of(ours, source, target) for target in (one, other)]
        gaps.append(scores[1] - scores[0])
        print(f"{scores[0]:.6f} {one}\n{scores[1]:.6f} {other}")
    assert len(differing) <= 0.01 * len(texts)
    # None of theirs is better than ours; a worse one is what their beam has lost in a tie.
    assert all(gap < TIE for gap in gaps)
