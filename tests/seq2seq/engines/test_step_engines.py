import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.tokenizers.characters import Characters
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.contrastive_search import ContrastiveSearch
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.sampling import Sampling
from seq2seq.engines.engine import make_engine
from seq2seq.engines.host_steps.saved_search import hypotheses_of, saved_search, search_section
from seq2seq.engines.host_steps.step_generator import StepGenerator
from seq2seq.ensemble import Ensemble
from seq2seq.generator import Generator
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

PACKAGES = {"litert": "ai_edge_litert", "onnx": "tf2onnx"}
LETTERS = Characters(list("abcdefghijklmnop \n"))
TEXTS = ["abc", "a", "bad cafe\n", "zzz é", "p" * 40, "look a fog on a hill", ""]
SIZES = {"encoder_layers": 2, "decoder_layers": 2, "units": 16, "tied": "none"}
MODELS = {
    "transformer": lambda: Transformer(LETTERS.size, LETTERS.size, **SIZES, hidden=24, heads=2),
    "lstm": lambda: LSTM(LETTERS.size, LETTERS.size, **SIZES, embedding=8, input_feeding=True),
}
BEAM = BeamSearch(3, length_penalty=1.0, best=2)


def generator(model, search=BEAM):
    return Generator((LETTERS, LETTERS), model, search, max_source=24, max_target=20)


@pytest.fixture(scope="module")
def models():
    """A model of each kind, none of whose weights are zero, and which ends now and then."""
    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(5)
    made = {}
    for name, make in MODELS.items():
        made[name] = make()
        for weight in made[name].weights:
            weight.assign(weight + draw.normal(scale=0.3, size=weight.shape))
    return made


@pytest.fixture(scope="module", params=[(e, m) for e in PACKAGES for m in MODELS])
def written(request, models, tmp_path_factory):
    """An engine, the generator that was written, the folder, and what answers from it."""
    kind, name = request.param
    pytest.importorskip(PACKAGES[kind])
    engine, made = make_engine(kind), generator(models[name])
    folder = tmp_path_factory.mktemp("engines") / "model"
    assert engine.write(made, folder, TEXTS[:2]) == folder
    return engine, made, folder, engine.open(folder)


def test_what_a_search_finds_is_the_same(written):
    _, made, _, answering = written
    ours, theirs = made.nbest(tf.constant(TEXTS)), answering.nbest(tf.constant(TEXTS))
    assert theirs["text"].numpy().tolist() == ours["text"].numpy().tolist()
    np.testing.assert_allclose(theirs["score"], ours["score"], rtol=1e-4)
    lengths = [len(text.decode()) for text in ours["text"][:, 0].numpy()]
    assert len(set(lengths)) > 1, "answers should be of several lengths"


def test_batches_at_once_do_not_disturb_each_other(written):
    *_, opened = written
    ids = lambda text: opened.found(tf.constant([text]))["ids"].numpy().tolist()
    texts = TEXTS * 4
    alone = [ids(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ids, texts)) == alone


def test_another_search_may_be_used(written):
    _, made, folder, answering = written
    ours = generator(made.model, GreedySearch())
    answering = type(answering)(folder, GreedySearch())
    pairs = zip(answering.generate(TEXTS), ours.generate(TEXTS), strict=True)
    assert all(theirs.text == own.text for theirs, own in pairs)


def test_given_targets_get_the_same_chances_and_attention(written):
    _, made, _, answering = written
    ids = tf.constant([[9, 5, 12, 6, 2], [8, 9, 2, 0, 0]])
    ours, theirs = (each.forced(tf.constant(["abc", "p" * 40]), ids) for each in (made, answering))
    assert theirs.keys() == ours.keys()
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], atol=1e-4, err_msg=name)


def test_no_texts_get_no_answers(written):
    answer = written[3](tf.constant([], tf.string))
    assert answer["text"].shape == answer["score"].shape == (0,)


def test_the_description_names_what_the_functions_take(written):
    engine, _, folder, answering = written
    described = json.loads((folder / "generator.json").read_text())
    steps = answering.steps(tf.constant([[5, 6, 2]]))
    asked = []
    step = answering.model.step
    answering.model.step = lambda given: (asked.append(given), step(given))[1]
    try:
        steps(np.array([1]), 0, steps.pack(steps.begin(1), np.arange(1), 1, 8))
    finally:
        del answering.model.step
    assert asked[0].keys() == described["inputs"]["step"].keys()
    for name, tensor in asked[0].items():
        kind, *shape = described["inputs"]["step"][name]
        assert tensor.dtype == kind and tensor.ndim == len(shape), name


def test_targets_are_not_streamed(written):
    with pytest.raises(ValueError, match="stream from the run itself"):
        list(written[3].stream("abc"))


def test_litert_refuses_more_hypotheses_than_it_was_written_for(written):
    engine, _, folder, answering = written
    if answering.model.entries is None:
        return
    with pytest.raises(ValueError, match="written for 3 hypotheses, not 4: export it anew"):
        list(type(answering)(folder, BeamSearch(4)).generate(TEXTS))


@pytest.mark.parametrize("kind", PACKAGES)
def test_eight_bits_take_less_room_and_score_nearly_alike(kind, tmp_path):
    pytest.importorskip(PACKAGES[kind])
    keras.utils.set_random_seed(4)
    options = {"encoder_layers": 1, "decoder_layers": 1, "units": 128, "hidden": 256}
    made = generator(Transformer(LETTERS.size, LETTERS.size, **options), GreedySearch())
    engine = make_engine(kind, "int8")
    engine.write(made, tmp_path / "small", TEXTS[:1])
    numbers = sum(int(np.prod(weight.shape)) for weight in made.model.weights)
    # Graphs take some room of their own.
    size = sum(path.stat().st_size for path in (tmp_path / "small").glob(f"*.{engine.suffix}"))
    assert size < 2 * numbers
    found = list(engine.open(tmp_path / "small").score(TEXTS[:3], TEXTS[:3]))
    np.testing.assert_allclose(found, list(made.score(TEXTS[:3], TEXTS[:3])), rtol=0.1)


def assert_refused(kind, made, folder, *words, **options):
    with pytest.raises(ValueError) as caught:
        make_engine(kind, **options).write(made, folder, TEXTS[:1])
    assert all(word in str(caught.value) for word in words), caught.value
    assert not [entry for entry in folder.parent.iterdir() if entry.name != "there"]


@pytest.mark.parametrize("kind", PACKAGES)
def test_what_cannot_be_written_is_refused_with_what_to_use(kind, models, tmp_path):
    pytest.importorskip(PACKAGES[kind])
    lstm, folder = models["lstm"], tmp_path / "model"
    joined = Ensemble([lstm, lstm])
    assert_refused(kind, generator(joined), folder, "Ensemble", "without --with", "Serving")
    search = GreedySearch(constraints=(MinimumLength(3),))
    assert_refused(kind, generator(lstm, search), folder, "MinimumLength", "in Python", "Serving")
    rounded = LSTM(LETTERS.size, LETTERS.size, units=4, embedding=4, dtype="mixed_bfloat16")
    assert_refused(kind, generator(rounded), folder, "generator.precision=float32")
    replacing = generator(lstm)
    replacing.replace_unknown = True
    assert_refused(kind, replacing, folder, "generator.replace_unknown=false", "Serving")
    assert_refused(kind, generator(lstm), folder, "int8", quantization="int3")
    (tmp_path / "there").mkdir()
    assert_refused(kind, generator(lstm), tmp_path / "there", "there already")


@pytest.mark.parametrize("kind", PACKAGES)
def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    kind, models, tmp_path, monkeypatch
):
    for module in ("ai_edge_litert.interpreter", "onnxruntime"):
        monkeypatch.setitem(sys.modules, module, None)
    words = f"pip install 'keras-seq2seq[{kind}]'"
    assert_refused(kind, generator(models["lstm"]), tmp_path / "model", words)


def test_a_model_that_scores_otherwise_is_not_published(models, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    litert = type(make_engine("litert"))
    monkeypatch.setattr(litert, "convert", lambda *given: b"")
    monkeypatch.setattr(litert, "open", lambda *given: Otherwise())
    made = generator(models["lstm"], GreedySearch())
    assert_refused("litert", made, tmp_path / "model", "not written", "LiteRT", "-1.0")


class Otherwise:
    """Stands for an engine that scores all alike."""

    def score(self, sources, targets):
        return iter([-1.0] * len(sources))


def test_a_folder_of_something_else_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="no model that an engine wrote"):
        StepGenerator(tmp_path, None)


SEARCHES = [
    (GreedySearch(), 1),
    (BEAM, 3),
    (Sampling(samples=2), 2),
    (ContrastiveSearch(candidates=4), 4),
]


@pytest.mark.parametrize("search, hypotheses", SEARCHES)
def test_a_search_is_described_and_its_hypotheses_are_counted(search, hypotheses):
    assert saved_search(json.loads(json.dumps(search_section(search)))) == search
    assert hypotheses_of(search, LETTERS.size) == hypotheses
