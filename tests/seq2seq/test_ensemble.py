import functools

import numpy as np
import pytest
from keras import ops

from pipelines.special_tokens import PAD, START
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.words import Words
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.ensemble import Ensemble, require_same_pieces
from seq2seq.generator import Generator
from seq2seq.model_steps import ModelSteps
from seq2seq.models.lstm import LSTM
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.models.transformer import Transformer

VOCABULARY = 11
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0], [10, 2, 0, 0, 0]], "int32")
MEANS = ("arithmetic", "geometric")


class Table(Seq2Seq):
    """Looks up what follows a token, whatever the source: logits are log-probabilities [V, V]."""

    def __init__(self, chances):
        super().__init__()
        self.table = self.add_weight(shape=np.shape(chances))
        self.table.assign(np.log(chances))
        self.built = True

    def encode(self, source):
        return {"source": source}

    def begin(self, memory, hypotheses=1, room=0):
        return {}

    def look(self, token, position, state, memory):
        logits = ops.take(self.table, token, axis=0)
        return logits, {"attention": ops.zeros_like(logits), "vectors": logits}, state

    def decode_with_attention(self, target, memory):
        return ops.take(self.table, target, axis=0), ops.zeros_like(memory["source"][:, None])


def scattered(model, seed):
    noise = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign_add(noise.normal(scale=0.3, size=weight.shape))
    return model


@functools.cache
def models():
    """An LSTM and a Transformer of one vocabulary."""
    sizes = {"source_vocabulary": VOCABULARY, "target_vocabulary": VOCABULARY}
    layers = {"encoder_layers": 1, "decoder_layers": 1}
    transformer = Transformer(**sizes, **layers, units=8, hidden=12, heads=2)
    lstm = LSTM(**sizes, **layers, embedding=6, units=8)
    return scattered(lstm, 1), scattered(transformer, 2)


def search(model, best=2, limit=4):
    steps = ModelSteps(model, model.encode(SOURCE))
    return BeamSearch(3, length_penalty=0.0, best=best)(steps, len(SOURCE), limit)


def chances(model, ids):
    """Gives the distributions after each position of ids [B, T] -> [B, T, V]."""
    read = np.concatenate([np.full_like(ids[:, :1], START), ids[:, :-1]], axis=1)
    logits = np.array(model.decode(read, model.encode(SOURCE)), "float64")
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("mean", MEANS)
def test_a_model_joined_with_itself_says_what_it_says_alone_at_the_same_score(mean):
    _, model = models()
    alone, joined = search(model), search(Ensemble([model, model], mean))
    np.testing.assert_array_equal(joined.ids, alone.ids)
    np.testing.assert_allclose(joined.scores, alone.scores, atol=1e-5)


@pytest.mark.parametrize("mean", MEANS)
def test_a_score_is_the_log_probability_of_its_ids_under_the_mean(mean):
    ensemble = Ensemble(models(), mean, weights=[3, 1])
    found = search(ensemble)
    for rank in range(2):
        ids = np.array(found.ids[:, rank])
        one, other = (chances(model, ids) for model in models())
        average = 0.75 * one + 0.25 * other
        if mean == "geometric":
            average = one**0.75 * other**0.25
            average /= average.sum(axis=-1, keepdims=True)
        said = np.log(np.take_along_axis(average, ids[..., None], axis=-1))[..., 0]
        wanted = np.where(ids == PAD, 0, said).sum(axis=1)
        np.testing.assert_allclose(found.scores[:, rank], wanted, atol=1e-5)
        np.testing.assert_allclose(chances(ensemble, ids), average, atol=1e-5)


def test_means_of_small_numbers():
    two = [Table([chances]) for chances in ([0.5, 0.5], [0.9, 0.1])]
    say = lambda *given: np.exp(
        ops.log_softmax(Ensemble(two, *given).step([0], 0, STATE, STATE)[0])
    )
    np.testing.assert_allclose(say(), [[0.7, 0.3]], rtol=1e-5)
    np.testing.assert_allclose(say("geometric"), [[0.75, 0.25]], rtol=1e-5)
    np.testing.assert_allclose(say("arithmetic", [3, 1]), [[0.6, 0.4]], rtol=1e-5)


STATE: dict = {"model_0": {}, "model_1": {}}


def test_attention_is_averaged_in_a_step_as_in_a_whole_target():
    ensemble = Ensemble(models())
    target = SOURCE[:, :2]
    read = lambda model: np.array(model.decode_with_attention(target, model.encode(SOURCE))[1])
    one, other = map(read, models())
    np.testing.assert_allclose(read(ensemble), (one + other) / 2, atol=1e-6)
    memory = ensemble.encode(SOURCE)
    state = ensemble.begin(memory, room=2)
    _, shown, _ = ensemble.look(target[:, 0], 0, state, memory)
    np.testing.assert_allclose(shown["attention"], read(ensemble)[:, 0], atol=1e-6)


def test_vectors_of_the_models_stand_side_by_side():
    one, other = (np.array(model.features(SOURCE)) for model in models())
    joined = np.array(Ensemble(models()).features(SOURCE))
    np.testing.assert_array_equal(joined, np.concatenate([one, other], axis=-1))


def test_an_exported_ensemble_has_all_weights_in_it():
    size = Bytes().size
    pair = [Table(np.random.default_rng(seed).random([size, size])) for seed in range(2)]
    generator = Generator((Bytes(), Bytes()), Ensemble(pair), GreedySearch(), max_target=3)
    graph = generator.__call__.get_concrete_function().graph
    assert {id(variable) for variable in graph.variables} == {id(one.table.value) for one in pair}


@pytest.mark.parametrize(
    "given, words",
    [
        (([],), "no models"),
        ((["one", "two"], "harmonic"), "harmonic.*arithmetic, geometric"),
        ((["one", "two"], "arithmetic", [1.0]), "1 weights .* for 2 models"),
        ((["one"], "arithmetic", [0.0]), "larger than 0"),
    ],
)
def test_what_makes_no_ensemble_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Ensemble(*given)


def test_vocabularies_are_compared_piece_by_piece():
    same = {"runs/a": Words(["▁a", "▁b"]), "runs/b": Words(["▁a", "▁b"])}
    require_same_pieces("target", same)
    with pytest.raises(ValueError, match="runs/a and runs/c .* target .* id 5 is '▁b' and '▁c'"):
        require_same_pieces("target", same | {"runs/c": Words(["▁a", "▁c"])})
    with pytest.raises(ValueError, match="6 and 7 pieces"):
        require_same_pieces("source", same | {"runs/c": Words(["▁a", "▁b", "▁c"])})
    with pytest.raises(ValueError, match="Words and Bytes"):
        require_same_pieces("source", same | {"runs/c": Bytes()})
