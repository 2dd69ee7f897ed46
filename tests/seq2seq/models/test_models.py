"""The contract of models, over every kind and several configurations of each."""

import functools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines import plugins
from seq2seq.models.seq2seq import Seq2Seq

FOLDER = "seq2seq.models"
VOCABULARY = 17
SMALL = {
    "lstm": {"embedding": 6, "units": 8},
    "transformer": {
        "encoder_layers": 2,
        "decoder_layers": 2,
        "units": 16,
        "hidden": 24,
        "heads": 4,
    },
}
CASES: list[tuple[str, dict]] = [
    ("lstm", {}),
    ("lstm", {"cell": "gru", "attention": "additive", "encoder_layers": 2, "residual": True}),
    ("lstm", {"decoder_layers": 1, "attention": "dot", "tied": "target"}),
    ("lstm", {"input_feeding": True, "attention": "scaled_dot", "tied": "all", "bridge": "zero"}),
    ("lstm", {"copying": True, "decoder_layers": 3, "residual": True, "query": "last"}),
    ("lstm", {"copying": True, "input_feeding": True, "cell": "gru", "decoder_layers": 1}),
    ("transformer", {}),
    ("transformer", {"order": "post", "positions": "learned", "tied": "none"}),
    ("transformer", {"positions": "rotary", "normalization": "rms", "activation": "gated"}),
    ("transformer", {"copying": True, "tied": "all", "activation": "gelu", "recompute": True}),
]
SOURCE = np.array([[5, 6, 7, 8, 2], [9, 4, 2, 0, 0], [11, 2, 0, 0, 0]], "int32")
TARGET = np.array([[1, 5, 6, 7], [1, 8, 9, 0], [1, 4, 0, 0]], "int32")


def name(case):
    kind, options = case
    said = (key if value is True else str(value) for key, value in options.items())
    return "-".join((kind, *said))


cases = pytest.mark.parametrize("case", CASES, ids=name)
# Tracing graphs takes seconds, so these run where there is most in them.
COPYING = [case for case in CASES if "copying" in case[1]]
traced = pytest.mark.parametrize("case", COPYING, ids=name)


def build(case, **given):
    kind, options = case
    vocabularies = {"source_vocabulary": VOCABULARY, "target_vocabulary": VOCABULARY}
    constructor = plugins.find(FOLDER, kind, Seq2Seq)
    return constructor(**plugins.check(constructor, vocabularies | SMALL[kind] | options), **given)


@functools.cache
def _scattered(position):
    model = build(CASES[position])
    # Fresh biases and gains are all equal, which would hide where they are wrong.
    noise = np.random.default_rng(position)
    for weight in model.trainable_weights:
        weight.assign_add(noise.normal(scale=0.2, size=weight.shape))
    return model


@pytest.fixture
def model(case):
    return _scattered(CASES.index(case))


def predict(model, source=SOURCE, target=TARGET):
    return np.array(model({"source": source, "target": target}))


def pad(ids, positions):
    return np.pad(ids, ((0, 0), (0, positions)))


def assert_same(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=1e-5)


def test_every_kind_is_covered():
    assert {kind for kind, _ in CASES} == set(plugins.kinds(FOLDER)) - {"seq2seq"}


@cases
def test_a_model_gives_float32_logits_for_each_position(model):
    logits = model({"source": SOURCE, "target": TARGET})
    assert logits.shape == (*TARGET.shape, VOCABULARY)
    assert logits.dtype == "float32"


@cases
def test_what_was_read_are_shares_of_the_real_tokens(model):
    logits, weights = model.decode_with_attention(TARGET, model.encode(SOURCE))
    assert_same(logits, predict(model))
    assert weights.dtype == "float32" and weights.shape == (*TARGET.shape, SOURCE.shape[1])
    assert_same(np.sum(weights, axis=-1), np.ones(TARGET.shape))
    assert not np.any(np.where((SOURCE == 0)[:, None], weights, 0.0))


@cases
def test_each_token_that_is_read_has_a_vector_whatever_the_padding(model):
    alone, padded = model.features(SOURCE), model.features(pad(SOURCE, 3))
    assert alone.shape[:2] == SOURCE.shape and len(alone.shape) == 3
    real = np.array(SOURCE != 0)
    assert_same(np.array(padded)[:, : SOURCE.shape[1]][real], np.array(alone)[real])


@cases
def test_stepping_equals_teacher_forcing(model):
    wanted = predict(model)
    memory = model.encode(SOURCE)
    state = model.begin(memory, room=TARGET.shape[1] + 2)
    for position in range(TARGET.shape[1]):
        logits, state = model.step(TARGET[:, position], position, state, memory)
        assert_same(logits, wanted[:, position])


@cases
def test_a_step_shows_what_a_whole_target_shows(model):
    """Two hypotheses a sentence; what is shown of the first is that of the sentence."""
    memory = model.encode(SOURCE)
    _, wanted = model.decode_with_attention(TARGET, memory)
    state = model.begin(memory, 2, room=TARGET.shape[1])
    for position in range(TARGET.shape[1]):
        tokens = np.repeat(TARGET[:, position], 2)
        logits, shown, state = model.look(tokens, position, state, memory)
        assert_same(shown["attention"][::2], wanted[:, position])
        assert shown["vectors"].shape[0] == logits.shape[0] == len(tokens)
        assert_same(shown["vectors"][::2], shown["vectors"][1::2])


@cases
def test_hypotheses_of_a_sentence_step_as_separate_sentences_do(model):
    hypotheses = 3
    tokens = np.random.default_rng(0).integers(4, VOCABULARY, (len(SOURCE) * hypotheses, 3))
    wanted = predict(model, np.repeat(SOURCE, hypotheses, axis=0), tokens)
    memory = model.encode(SOURCE)
    state = model.begin(memory, hypotheses, room=3)
    for position in range(3):
        logits, state = model.step(tokens[:, position], position, state, memory)
        assert_same(logits, wanted[:, position])


@cases
def test_a_reordered_state_continues_as_its_new_rows(model):
    memory = model.encode(SOURCE[:1])
    _, state = model.step(np.array([5, 6]), 0, model.begin(memory, 2, room=2), memory)
    swapped = model.follow(state, np.array([1, 0]))
    logits, _ = model.step(np.array([7, 7]), 1, state, memory)
    found, _ = model.step(np.array([7, 7]), 1, swapped, memory)
    assert_same(found[::-1], logits)


@cases
def test_memory_has_sentences_first_and_a_state_stays_of_one_shape(model):
    memory = model.encode(SOURCE)
    state = model.begin(memory, 2, room=4)
    _, following = model.step(np.repeat(TARGET[:, 0], 2), 0, state, memory)
    for tensor in tf.nest.flatten(memory):
        assert tensor.shape[0] == len(SOURCE)
    described = lambda tensor: (tensor.shape, tensor.dtype)
    shapes = [tf.nest.map_structure(described, nest) for nest in (state, following)]
    assert shapes[0] == shapes[1]


@cases
def test_a_packed_state_goes_on_as_before_with_the_sentences_that_stay(model):
    """Between two steps hypotheses go on from others, and the first sentence leaves."""
    kept, rows = np.array([2, 1]), np.array([4, 5, 2, 3])
    memory = model.encode(SOURCE)
    left = tf.nest.map_structure(lambda tensor: tf.gather(tensor, kept), memory)
    state = model.pack(model.begin(memory, 2), np.arange(3), 2, room=2)
    parents = [[0, 1, 3, 3, 5, 4], [1, 1, 2, 3, 4, 4]]
    for position, parent in enumerate(parents):
        _, state = model.step(np.array([5, 6, 7, 8, 9, 10]), position, state, memory)
        state = model.follow(state, np.array(parent))
    more, packed = (model.pack(state, places, 2, room=1) for places in (np.arange(3), kept))
    wanted, _ = model.step(np.array([11, 12, 11, 12, 11, 12]), 2, more, memory)
    found, _ = model.step(np.array([11, 12, 11, 12]), 2, packed, left)
    assert_same(found, np.array(wanted)[rows])
    # As if each hypothesis had been read from its beginning.
    said = [[6, 6, 11], [6, 6, 12], [8, 7, 11], [8, 8, 12], [10, 9, 11], [10, 9, 12]]
    assert_same(wanted, predict(model, np.repeat(SOURCE, 2, axis=0), np.array(said))[:, -1])


@cases
def test_tokens_read_at_once_are_read_as_one_by_one_and_rows_go_back_to_any(model):
    """Rows stand at different positions: what was read too far is forgotten."""
    wanted = predict(model)
    memory = model.encode(SOURCE)
    state = model.begin(memory, room=2 * TARGET.shape[1])
    begin, counts = np.zeros([3], "int32"), np.array([1, 3, 2])
    logits, states = model.read(TARGET[:, :3], begin, state, memory)
    assert_same(logits, wanted[:, :3])
    state = model.rewind(states, counts)
    following = np.array([TARGET[row, [count]] for row, count in enumerate(counts)])
    logits, _ = model.read(following, counts, state, memory)
    stepped, _ = model.guess(following[:, 0], counts, state, memory)
    for row, count in enumerate(counts):
        assert_same(logits[row, 0], wanted[row, count])
        assert_same(stepped[row], wanted[row, count])


@cases
def test_source_padding_changes_nothing(model):
    assert_same(predict(model, pad(SOURCE, 3)), predict(model))


@cases
def test_target_padding_changes_nothing_before_it(model):
    assert_same(predict(model, target=pad(TARGET, 2))[:, : TARGET.shape[1]], predict(model))


@cases
def test_a_target_token_changes_nothing_before_it(model):
    other = TARGET.copy()
    other[:, 2:] = 12
    found, wanted = predict(model, target=other), predict(model)
    assert_same(found[:, :2], wanted[:, :2])
    assert not np.allclose(found[:, 2:], wanted[:, 2:], atol=1e-3)


@cases
def test_the_source_is_read_to_its_last_token(model):
    other = SOURCE.copy()
    other[0, 4] = 13
    found, wanted = predict(model, other), predict(model)
    assert not np.allclose(found[0], wanted[0], atol=1e-4)
    assert_same(found[1:], wanted[1:])


@cases
def test_a_row_does_not_depend_on_its_batch(model):
    together = predict(model)
    for row, (source, target) in enumerate(zip(SOURCE, TARGET)):
        alone = predict(model, source[None, source != 0], target[None])
        assert_same(alone[0], together[row])


@cases
def test_a_row_of_padding_gives_finite_logits_and_leaves_the_others(model):
    source = np.concatenate([SOURCE, np.zeros_like(SOURCE[:1])])
    target = np.concatenate([TARGET, TARGET[:1]])
    logits = predict(model, source, target)
    assert np.isfinite(logits).all()
    assert_same(logits[:-1], predict(model))


@traced
def test_a_graph_of_unknown_sizes_equals_eager_code_and_takes_no_rows(model):
    ids = tf.TensorSpec([None, None], tf.int32)

    @tf.function(input_signature=[ids, ids])
    def graph(source, target):
        memory = model.encode(source)
        first, _ = model.step(target[:, 0], 0, model.begin(memory, room=4), memory)
        return model.decode(target, memory), first

    logits, first = graph(SOURCE, TARGET)
    assert_same(logits, predict(model))
    assert_same(first, logits[:, 0])
    logits, first = graph(SOURCE[:0], TARGET[:0])
    assert logits.shape == (0, TARGET.shape[1], VOCABULARY)
    assert first.shape == (0, VOCABULARY)


@cases
def test_saved_and_loaded_a_model_says_the_same(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded), predict(model))
    assert loaded.get_config() == model.get_config()


@cases
def test_bfloat16_gives_float32_logits_near_those_of_float32(case, model):
    mixed = build(case, dtype="mixed_bfloat16")
    mixed.set_weights(model.get_weights())
    found, wanted = predict(mixed), predict(model)
    assert found.dtype == "float32"
    assert np.abs(found - wanted).max() < 0.05 * np.ptp(wanted)
    assert {weight.dtype for weight in mixed.trainable_weights} == {"float32"}


@cases
def test_weights_in_bfloat16_say_what_they_say_in_float32(case, model):
    mixed, short = (build(case, dtype=dtype) for dtype in ("mixed_bfloat16", "bfloat16"))
    short.set_weights(model.get_weights())
    mixed.set_weights([np.float32(weight) for weight in short.get_weights()])
    found, wanted = predict(short), predict(mixed)
    assert found.dtype == "float32"
    assert np.abs(found - wanted).max() < 0.02 * np.ptp(wanted)
    kept = [
        weight for weight in short.trainable_weights if not re.search("pointer|norm", weight.path)
    ]
    assert {weight.dtype for weight in kept} == {"bfloat16"}


@cases
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_bfloat16_steps_as_it_is_forced(case, dtype):
    mixed = build(case, dtype=dtype)
    memory = mixed.encode(SOURCE)
    first, _ = mixed.step(TARGET[:, 0], 0, mixed.begin(memory, room=4), memory)
    wanted = predict(mixed)[:, 0]
    apart = np.abs(first - wanted).max(axis=-1)
    # A share of attention that lies halfway between two numbers may be rounded the other way: one
    # sentence of some hundreds.
    assert np.median(apart) < 1e-3
    assert apart.max() < 0.01 * np.ptp(wanted)


@traced
def test_copying_gives_log_probabilities(model):
    assert_same(np.exp(predict(model)).sum(axis=-1), np.ones(TARGET.shape))


@cases
def test_weights_with_an_entry_a_token_are_those_that_a_larger_vocabulary_makes_larger(case, model):
    kind, options = case
    sizes = {"source_vocabulary": VOCABULARY + 1, "target_vocabulary": VOCABULARY + 1}
    large = build((kind, options | sizes))
    grown = {
        (id(before), axis)
        for before, after in zip(model.weights, large.weights)
        for axis in range(len(before.shape))
        if before.shape[axis] != after.shape[axis]
    }
    uses = model.vocabulary_weights().values()
    assert {(id(weight), axis) for _, axis, weight in uses} == grown
    assert {side for side, _, _ in uses} == {"source", "target"}


@cases
def test_every_weight_receives_a_gradient(model):
    with tf.GradientTape() as tape:
        logits = model({"source": SOURCE, "target": TARGET}, training=True)
        total = keras.ops.sum(keras.ops.log_softmax(logits)[..., 5])
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(total, [w.value for w in model.trainable_weights])
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(tf.convert_to_tensor(gradient)).all(), weight.path


@traced
def test_fit_lowers_the_loss(case):
    keras.utils.set_random_seed(1)
    model = build(case)
    inputs = {"source": SOURCE, "target": TARGET}
    labels = np.array([[5, 6, 7, 2], [8, 9, 2, 0], [4, 2, 0, 0]])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    batch = tf.data.Dataset.from_tensors((inputs, labels, (labels != 0).astype("float32")))
    told = model.fit(batch.repeat(), epochs=2, steps_per_epoch=10, shuffle=False, verbose=0)
    losses = told.history["loss"]
    assert losses[1] < losses[0]


@pytest.mark.parametrize("options", [{"copying": True}, {"tied": "all"}], ids=str)
@pytest.mark.parametrize("kind", SMALL)
def test_one_vocabulary_is_asked_for_where_it_is_needed(kind, options):
    constructor = plugins.find(FOLDER, kind, Seq2Seq)
    with pytest.raises(ValueError, match="need one vocabulary"):
        constructor(source_vocabulary=11, target_vocabulary=12, **(SMALL[kind] | options))
