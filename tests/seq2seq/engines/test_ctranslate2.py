import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END, PAD, START
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.engines.ctranslate2_model.ctranslate2_generator import CTranslate2Generator
from seq2seq.engines.ctranslate2_model.search_options import search_of, search_section
from seq2seq.engines.engine import make_engine
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.models.transformer import Transformer

ctranslate2 = pytest.importorskip("ctranslate2")
SIZES = {"encoder_layers": 2, "decoder_layers": 1, "units": 16, "hidden": 24, "heads": 2}
LETTERS = Characters(list("abcdefghijklmnop \n"))
TEXTS = ["abc", "a", "bad cafe\n", "zzz é", "p" * 40, "hi", "look a fog on a hill"]


def transformer(source=LETTERS, target=LETTERS, **options):
    """Makes a model none of whose weights are zero or one, and which ends now and then."""
    keras.utils.set_random_seed(3)
    model = Transformer(source.size, target.size, **SIZES | options)
    draw = np.random.default_rng(5)
    for weight in model.weights:
        weight.assign(weight + draw.normal(scale=0.3, size=weight.shape))
    if model.tied == "none":
        bias = np.zeros(target.size)
        bias[[PAD, START, END]] = -5, -5, -0.5
        model.output_layer.bias.assign(bias)
    return model


def generator(search, model=None, **limits):
    model = model or transformer(tied="none")
    return Generator((LETTERS, LETTERS), model, search, **{"max_source": 32} | limits)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A generator and the folder it was written to; the process has one for all tests."""
    made = generator(BeamSearch(4, length_penalty=1.0))
    folder = tmp_path_factory.mktemp("engines") / "model"
    assert make_engine("ctranslate2").write(made, folder, TEXTS[:2]) == folder
    return made, folder


CASES = {
    "as it is by default": {},
    "post-norm": {"order": "post"},
    "learned positions, fewer than a source has": {"positions": "learned", "max_positions": 5},
    "rotary positions": {"positions": "rotary"},
    "root mean squares, gelu": {"normalization": "rms", "activation": "gelu"},
    "gated, all embeddings tied": {"activation": "gated", "tied": "all"},
    "post-norm, rotary, root mean squares, gated, an output layer": {
        "order": "post",
        "positions": "rotary",
        "normalization": "rms",
        "activation": "gated",
        "tied": "none",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_transformer_gives_the_same_log_probabilities(case, tmp_path):
    from seq2seq.engines.ctranslate2_model.specification import specification

    shared = CASES[case].get("tied") == "all"
    tokenizers = Tokenizers(LETTERS if shared else Bytes(), LETTERS)
    model = transformer(*tokenizers, **CASES[case])
    specified = specification(Generator(tokenizers, model), tokenizers)
    specified.save(str(tmp_path))
    draw = np.random.default_rng(5)
    sources, targets = (
        [draw.integers(END + 1, each.size, size=size).tolist() for size in (9, 4, 2)]
        for each in tokenizers
    )
    pieces = [
        [[tokenizer.pieces()[id_] for id_ in row] for row in rows]
        for tokenizer, rows in zip(tokenizers, (sources, targets))
    ]
    engine = ctranslate2.Translator(str(tmp_path), intra_threads=1)
    scored = engine.score_batch(*pieces)
    for source, target, theirs in zip(sources, targets, scored, strict=True):
        read, say = ops.array([[START, *target]]), [*target, END]
        logits = model.decode(read, model.encode(ops.array([[*source, END]])))[0]
        ours = ops.log_softmax(logits).numpy()[np.arange(len(say)), say]
        np.testing.assert_allclose(theirs.log_probs, ours, rtol=1e-4, atol=1e-4)


SEARCHES = {
    "greedy": GreedySearch(),
    "beam": BeamSearch(4, length_penalty=1.0),
    "beam, the mean of tokens": BeamSearch(4, length_penalty=1.0, penalty="average"),
    "beam, no penalty": BeamSearch(4, length_penalty=0.0, stop="sure"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_texts_are_the_same_each_within_its_own_limit(name, written):
    made, folder = written
    search = SEARCHES[name]
    ours = made if name == "beam" else generator(search, made.model)
    expected = ours(tf.constant(TEXTS))["text"].numpy().tolist()
    found = list(CTranslate2Generator(folder, search).generate(TEXTS))
    assert [answer.text.encode() for answer in found] == expected
    lengths = [len(text.decode()) for text in expected]
    limits = [2 * (len(text) + 1) + 10 for text in TEXTS]
    assert any(length == limit for length, limit in zip(lengths, limits)), "none was cut"
    assert any(length < limit for length, limit in zip(lengths, limits)), "none ended"


def test_a_score_is_that_of_our_search(written):
    made, folder = written
    engine = CTranslate2Generator(folder)
    found = engine(tf.constant(TEXTS))
    expected = made(tf.constant(TEXTS))["score"].numpy()
    # PAD and START have some thousandth of the distribution, which the engine gives to the others.
    np.testing.assert_allclose(found["score"], expected, rtol=0.02)


def test_the_next_best_texts_follow_in_order(written):
    engine = CTranslate2Generator(written[1], BeamSearch(4, length_penalty=1.0, best=3))
    best = list(engine.generate(TEXTS))
    for first, several in zip(best, engine.generate_nbest(TEXTS), strict=True):
        scores = [one.score for one in several]
        assert several[0] == first and len(scores) == 3
        assert scores == sorted(scores, reverse=True)


def test_details_are_refused(written):
    with pytest.raises(ValueError, match="the run itself"):
        list(CTranslate2Generator(written[1]).generate(TEXTS, details=True))


def test_an_empty_text_gets_an_empty_answer(written):
    (answer,) = CTranslate2Generator(written[1]).generate([""])
    assert (answer.text, answer.score) == ("", 0.0)


def test_given_targets_are_scored_alike(written):
    made, folder = written
    sources, targets = ["", *TEXTS], [*TEXTS, ""]
    found = list(CTranslate2Generator(folder).score(sources, targets))
    np.testing.assert_allclose(found, list(made.score(sources, targets)), rtol=1e-4)


def test_no_texts_get_no_answers(written):
    assert list(CTranslate2Generator(written[1]).generate([])) == []
    answer = CTranslate2Generator(written[1])(tf.constant([], tf.string))
    assert answer["text"].shape == answer["score"].shape == (0,)


def test_eight_bits_take_less_room_and_score_nearly_alike(written, tmp_path):
    made, folder = written
    small = tmp_path / "small"
    make_engine("ctranslate2", "int8").write(made, small, TEXTS[:1])
    size = lambda folder: (folder / "model.bin").stat().st_size
    positions = 2 * 4 * 1024 * SIZES["units"]  # which keep their 32 bits
    assert size(small) - positions < 0.5 * (size(folder) - positions)
    exact = list(made.score(TEXTS, TEXTS))
    np.testing.assert_allclose(
        list(CTranslate2Generator(small).score(TEXTS, TEXTS)), exact, rtol=0.1
    )


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_described_and_made_again(name):
    assert search_of(search_section(SEARCHES[name])) == SEARCHES[name]


def assert_refused(made, folder, *words, **options):
    with pytest.raises(ValueError) as caught:
        make_engine("ctranslate2", **options).write(made, folder, TEXTS[:1])
    assert all(word in str(caught.value) for word in words), caught.value
    assert not [entry for entry in folder.parent.iterdir() if entry.name != "there"]


class Recurrent(Seq2Seq):
    """Stands for a model that is no Transformer."""


def test_what_the_engine_cannot_say_is_refused_with_what_to_use(written, tmp_path, monkeypatch):
    model, folder = written[0].model, tmp_path / "model"
    refuse = lambda search, *words: assert_refused(generator(search, model), folder, *words)
    refuse(BeamSearch(2, stop="sure"), "search.stop=full", "search.length_penalty=0")
    refuse(GreedySearch(constraints=(MinimumLength(3),)), "constraints")
    recurrent = generator(GreedySearch(), Recurrent())
    assert_refused(recurrent, folder, "Recurrent", "train a Transformer")
    assert_refused(written[0], folder, "int8", quantization="int3")
    with monkeypatch.context() as changed:
        changed.setattr(written[0], "replace_unknown", True)
        assert_refused(written[0], folder, "leave replace_unknown off")
    monkeypatch.setattr(model, "copying", True)
    assert_refused(written[0], folder, "copy", "model.copying = false")
    monkeypatch.setattr(model, "copying", False)
    monkeypatch.setattr(model, "normalization", "unit")
    assert_refused(written[0], folder, "normalises with weights", "model.normalization")


def test_a_folder_that_is_there_stays_as_it_is(written, tmp_path):
    (tmp_path / "there").mkdir()
    assert_refused(written[0], tmp_path / "there", "there already")


def test_a_model_that_scores_otherwise_is_not_published(written, tmp_path, monkeypatch):
    monkeypatch.setattr(CTranslate2Generator, "score", lambda *given: iter([-1.0]))
    assert_refused(written[0], tmp_path / "model", "not written", "-1.0")


def test_an_engine_that_is_not_installed_is_named_with_its_extra(written, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    assert_refused(written[0], tmp_path / "model", "pip install 'keras-seq2seq[ctranslate2]'")


def test_an_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="ctranslate3.*ctranslate2"):
        make_engine("ctranslate3")
