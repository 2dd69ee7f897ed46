import keras
import numpy as np
import pytest

from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.speculative_search import SpeculativeSearch
from seq2seq.drafted import Drafted
from seq2seq.ensemble import Ensemble
from seq2seq.generator import Generator
from seq2seq.model_steps import ModelSteps
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

VOCABULARY = 11
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0], [10, 2, 0, 0, 0]] * 4, "int32")
LIMITS = np.array([6, 3, 5, 6] * 3)


def scattered(kind, seed, size=VOCABULARY, **options):
    keras.utils.set_random_seed(seed)
    layers = {"encoder_layers": 1, "decoder_layers": 1}
    model = kind(size, size, **layers, **options)
    noise = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign_add(noise.normal(scale=0.4, size=weight.shape))
    return model


def transformer(seed=2, **options):
    return scattered(Transformer, seed, units=8, hidden=12, heads=2, **options)


def lstm(seed=1):
    return scattered(LSTM, seed, embedding=6, units=8)


def search(by, model):
    found = by(ModelSteps(model, model.encode(SOURCE)), len(SOURCE), LIMITS)
    return np.asarray(found.ids), np.asarray(found.scores)


PAIRS = {
    "a Transformer by an LSTM": lambda: (transformer(positions="rotary"), lstm()),
    "an ensemble by one of its own": lambda: (Ensemble([lstm(), transformer()]), transformer()),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_with_a_draft_a_model_says_what_it_says_greedily_at_the_same_score(pair):
    model, draft = PAIRS[pair]()
    ids, scores = search(SpeculativeSearch(3), Drafted(model, draft))
    wanted_ids, wanted_scores = search(GreedySearch(), model)
    np.testing.assert_array_equal(ids, wanted_ids)
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
    assert ids.any(axis=(1, 2)).all()


def test_the_draft_guesses_and_the_model_speaks():
    model, draft = transformer(), lstm()
    both = Drafted(model, draft)
    memory = both.encode(SOURCE)
    state = both.begin(memory, room=2)
    token, begin = SOURCE[:, 0], np.zeros([len(SOURCE)], "int32")
    guessed, _ = both.guess(token, begin, state, memory)
    wanted, _ = draft.step(token, 0, draft.begin(memory["draft"]), memory["draft"])
    np.testing.assert_allclose(guessed, wanted, atol=1e-6)
    said, _ = both.step(token, 0, state, memory)
    wanted = model.decode(SOURCE[:, :2], memory["model"])[:, 0]
    np.testing.assert_allclose(said, wanted, atol=1e-5)


def test_an_exported_pair_has_all_weights_in_it():
    size = Bytes().size
    pair = [transformer(seed, size=size) for seed in (3, 4)]
    generator = Generator((Bytes(), Bytes()), Drafted(*pair), SpeculativeSearch(2), max_target=5)
    graph = generator.__call__.get_concrete_function().graph
    kept = {id(variable) for variable in graph.variables}
    assert kept == {id(weight.value) for model in pair for weight in model.weights}
