"""A model that starts from another says the same of what both know."""

import numpy as np
import pytest
from small_task import KINDS, SMALL

from pipelines.special_tokens import END, START, UNKNOWN
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers
from seq2seq.training.warm_start import entries, origin_of, paths, warm_start

OLD, NEW = Characters(list("abcdefgh")), Characters(list("hzgfyedca"))  # b is gone, z and y new
BOTH = "acdefgh"


def shared(tokenizer):
    return Tokenizers(tokenizer, tokenizer)


def make(tokenizers, kind="transformer", **options):
    """Makes a small model; noise shows biases and gains that are not where they belong."""
    sizes = {"source_vocabulary": tokenizers.source.size}
    sizes |= {"target_vocabulary": tokenizers.target.size}
    model = KINDS[kind](**SMALL[kind] | sizes | options)
    for seed, weight in enumerate(model.weights):
        weight.assign_add(np.random.default_rng(seed).normal(scale=0.2, size=weight.shape))
    return model


def logits(model, tokenizers, text=BOTH):
    """Predicts the tokens of text, and takes what is said of the tokens known to both."""
    ids = [tokenizer.tokenize([text]).to_tensor() for tokenizer in tokenizers]
    source, target = (np.asarray(side) for side in ids)
    read = np.concatenate([[[START]], target], axis=1)
    said = np.array(model({"source": source, "target": read}))
    return said[..., [START, END, UNKNOWN, *target[0]]]


def values(model):
    return [np.array(weight) for weight in model.weights]


@pytest.fixture(scope="module")
def old():
    return make(shared(OLD))


@pytest.mark.parametrize(
    "kind, options",
    [
        ("transformer", {"tied": "all", "positions": "learned"}),
        ("transformer", {"tied": "none"}),
        ("lstm", {"tied": "target"}),
    ],
)
def test_of_shared_tokens_the_new_model_says_what_the_old_one_said(kind, options):
    old, new = make(shared(OLD), kind, **options), make(shared(NEW), kind, **options)
    found = warm_start(new, shared(NEW), old, shared(OLD))
    wanted = logits(old, shared(OLD))
    np.testing.assert_allclose(logits(new, shared(NEW)), wanted, atol=1e-5, rtol=1e-5)
    assert set(found.mapped.values()) == {(4 + len(BOTH), NEW.size)}
    assert (found.new, found.left) == ([], [])


def test_the_same_vocabulary_gives_the_same_weights_to_the_last_bit(old):
    new = make(shared(OLD))
    warm_start(new, shared(OLD), old, shared(OLD))
    for found, wanted in zip(values(new), values(old)):
        np.testing.assert_array_equal(found, wanted)


def test_each_side_has_its_own_vocabulary():
    one, two = Tokenizers(OLD, NEW), Tokenizers(NEW, OLD)
    old, new = make(one, tied="none"), make(two, tied="none")
    found = warm_start(new, two, old, one)
    np.testing.assert_allclose(logits(new, two), logits(old, one), atol=1e-5, rtol=1e-5)
    assert found.mapped["source"] == (11, NEW.size) and found.mapped["bias"] == (11, OLD.size)


def test_untied_embeddings_start_from_the_tied_ones():
    old, new = make(shared(OLD), tied="all"), make(shared(NEW), tied="none")
    new.output_layer.bias.assign([0.0] * NEW.size)
    found = warm_start(new, shared(NEW), old, shared(OLD))
    wanted = logits(old, shared(OLD))
    np.testing.assert_allclose(logits(new, shared(NEW)), wanted, atol=1e-5, rtol=1e-5)
    assert (found.new, found.left) == (["bias"], [])


def test_layers_that_the_other_lacks_stay_as_they_were(old):
    new = make(shared(OLD), encoder_layers=2)
    before = values(new.encoder[1])
    found = warm_start(new, shared(OLD), old, shared(OLD))
    for now, then in zip(values(new.encoder[1]), before):
        np.testing.assert_array_equal(now, then)
    assert len(found.new) == len(before)
    assert all(path.startswith("encoder_1/") for path in found.new)
    less = make(shared(OLD))
    assert warm_start(less, shared(OLD), new, shared(OLD)).left == found.new


# Layers that the smallest models do not have.
MORE = {
    "transformer": {"normalization": "rms", "activation": "gated", "positions": "learned"},
    "lstm": {"attention": "additive", "cell": "gru", "input_feeding": True, "encoder_layers": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_paths_name_every_weight_once_and_alike_in_every_model(kind):
    models = [make(shared(OLD), kind, tied="none", copying=True, **MORE[kind]) for _ in range(2)]
    first, second = map(paths, models)
    by_token = models[0].vocabulary_weights()
    assert list(first) == list(second)
    assert len(first) + len(by_token) == len(models[0].weights)


def test_a_token_is_found_by_its_piece_and_special_tokens_by_their_ids():
    one, other = Characters(list("ab")), Characters(list("bxa"))
    assert origin_of(other, one).tolist() == [0, 1, 2, 3, 5, -1, 4]
    assert origin_of(Bytes(), Bytes()).tolist() == list(range(260))
    assert origin_of(one, Bytes()).tolist() == [0, 1, 2, 3, 4 + ord("a"), 4 + ord("b")]


def test_a_new_token_starts_at_the_mean_of_the_old_ones_and_its_own_noise():
    old = np.array([[9.0], [9.0], [9.0], [9.0], [2.0], [4.0]])
    new = np.array([[0.1], [0.2], [0.3]])
    np.testing.assert_allclose(entries(new, old, np.array([5, -1, 0])), [[4.0], [3.2], [9.0]])


def test_a_line_says_what_was_taken(old):
    new = make(shared(NEW), encoder_layers=2)
    said = str(warm_start(new, shared(NEW), old, shared(OLD)))
    assert said.startswith(f"{len(paths(old))} weights copied; target: 11 of 13 tokens known; ")
    assert "; 12 new: encoder_1/attention/" in said and said.endswith(", ...")


def test_models_that_cannot_help_each_other_are_refused(old):
    with pytest.raises(ValueError, match="LSTM cannot start from Transformer: name a run of"):
        warm_start(make(shared(OLD), "lstm"), shared(OLD), old, shared(OLD))
    wide = make(shared(OLD), units=12, hidden=20)
    before = values(wide)
    with pytest.raises(ValueError, match="no weight of the same name and shape"):
        warm_start(wide, shared(OLD), old, shared(OLD))
    for now, then in zip(values(wide), before):
        np.testing.assert_array_equal(now, then)
