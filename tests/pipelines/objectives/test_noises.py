"""Objectives that make their pairs of ids; a new one is tested here at once."""

import functools
import json
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from pipelines import plugins
from pipelines.objectives.causal_language_model import CausalLanguageModel
from pipelines.objectives.denoise import (
    Denoise,
    deleted,
    infilled,
    masked,
    permuted,
    poisson,
    rotated,
)
from pipelines.objectives.masked_language_model import MaskedLanguageModel
from pipelines.objectives.noise.draws import Draws, keys
from pipelines.objectives.noise.noise import Noise, Vocabulary, read_mark, split_mark
from pipelines.objectives.objective import Objective, find_objective
from pipelines.objectives.prefix_language_model import PrefixLanguageModel
from pipelines.objectives.span_corruption import SpanCorruption, divided
from pipelines.special_tokens import PAD

FOLDER = "pipelines.objectives"
KINDS = [kind for kind in plugins.kinds(FOLDER) if kind != "objective"]
NOISES = [kind for kind in KINDS if issubclass(plugins.find(FOLDER, kind, Objective), Noise)]
SECTIONS = [{"kind": kind} for kind in NOISES] + [
    {"kind": "denoise", "infill": 0.9, "span": 0.2, "rotate": 1.0},
    {"kind": "denoise", "infill": 0.0, "permute": False, "mask": 0.3, "delete": 0.9},
    {"kind": "span_corruption", "density": 0.9, "span": 1.0},
    {"kind": "span_corruption", "sentinels": 2},
]
FIRST, SIZE, LONGEST = 200, 1000, 40  # the first id of a passage; symbols are 4, 5, ...
SIGNATURE = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([], tf.int64)]


def passages(count=200, longest=LONGEST, seed=0):
    """Makes rows of ids that count up, each from its own first one."""
    lengths = np.random.default_rng(seed).integers(1, longest + 1, count)
    place = np.arange(longest)
    first = FIRST + longest * (np.arange(count) % 18)
    return np.where(place < lengths[:, None], first[:, None] + place, PAD).astype(np.int32)


def draws(rows, seed=0, epoch=0):
    return Draws(keys(tf.constant(rows), seed, epoch))


def ids(row):
    row = np.asarray(row)
    assert not np.any(row[np.count_nonzero(row) :]), "padding is behind"
    return row[row != PAD].tolist()


@functools.cache
def graph(section):
    """Traces the noise of a section, which is given as JSON: (rows, epoch) -> source, target."""
    section = json.loads(section)
    objective = find_objective(section)
    vocabulary = Vocabulary(list(range(4, 4 + len(objective.symbols))), SIZE)
    make = lambda rows, epoch: objective.noised(rows, vocabulary, Draws(keys(rows, 3, epoch)))
    return tf.function(make, SIGNATURE, autograph=False)


def noise(section, rows, epoch=0):
    return graph(json.dumps(section))(tf.constant(rows), epoch)


@pytest.fixture(scope="module", params=SECTIONS, ids=str)
def section(request):
    return request.param


def test_noise_makes_no_side_longer_and_no_target_empty_but_of_a_single_token(section):
    rows = passages()
    sides = noise(section, rows)
    for row, source, target in zip(rows, *sides, strict=True):
        length = len(ids(row))
        assert len(ids(source)) <= length and 0 < len(ids(target)) <= length


def test_a_row_does_not_depend_on_the_rows_beside_it(section):
    rows = passages()
    wide = np.pad(rows[20:50], [[0, 0], [0, 9]])
    for whole, part in zip(noise(section, rows), noise(section, wide)):
        assert list(map(ids, part)) == list(map(ids, whole[20:50]))


def test_noise_is_new_in_each_epoch_and_else_the_same(section):
    rows = passages()
    one, again, other = (noise(section, rows, epoch) for epoch in (1, 1, 2))
    same = lambda a, b: all(np.array_equal(x, y) for x, y in zip(a, b))
    assert same(one, again)
    assert same(one, other) == (section["kind"] == "causal_language_model")


def test_no_rows_make_no_rows(section):
    for empty in ([0, 0], [0, 5]):
        assert all(len(side) == 0 for side in noise(section, np.zeros(empty, np.int32)))


def test_a_mark_says_all_that_the_noise_needs(section):
    objective = find_objective(section)
    prefix, mark = split_mark(f"fill in: {objective.mark}")
    assert prefix == "fill in:" and read_mark(mark) == objective
    assert split_mark("fill\0in") == ("fill\0in", "")


def test_keys_differ_by_ids_their_order_seed_and_epoch_but_not_by_padding():
    rows = tf.constant([[5, 6, 7], [7, 6, 5], [5, 6, PAD]])
    found = {int(key) for key in keys(rows, 0, 0)}
    assert len(found) == 3
    assert not found & {int(key) for pair in ((1, 0), (0, 1)) for key in keys(rows, *pair)}
    assert int(keys(tf.constant([[5, 6]]), 0, 0)[0]) == int(keys(rows, 0, 0)[2])


def test_uniform_numbers_are_uniform_over_rows_places_and_draws():
    drawn = draws(np.arange(1, 2001, dtype=np.int32)[:, None])
    one, other = drawn.uniform(8).numpy(), drawn.uniform(8).numpy()
    assert 0 <= one.min() and one.max() < 1
    for axis in (0, 1):
        assert np.all(np.abs(one.mean(axis=axis).mean() - 0.5) < 0.01)
    tenths = np.histogram(one, 10, (0, 1))[0] / one.size
    assert np.allclose(tenths, 0.1, atol=0.01)
    columns = np.corrcoef(np.concatenate([one, other], axis=1), rowvar=False) - np.eye(16)
    assert np.abs(columns).max() < 0.1


def test_all_choices_of_places_are_as_likely():
    count, among = tf.fill([6000], 2), tf.fill([6000], 4)
    chosen = draws(np.arange(1, 6001, dtype=np.int32)[:, None]).chosen(count, among, 6).numpy()
    assert not chosen[:, 4:].any()
    found = Counter(tuple(np.flatnonzero(row)) for row in chosen)
    assert len(found) == 6 and all(abs(share - 1000) < 150 for share in found.values())


def test_poisson_numbers_are_what_the_docstring_shows_and_have_their_mean():
    assert poisson(tf.constant([[0.04, 0.5, 0.99]]), 3.0).numpy().tolist() == [[0, 3, 8]]
    middle = (np.arange(10000) + 0.5) / 10000
    drawn = poisson(tf.constant(middle, tf.float32), 3.0).numpy()
    assert abs(drawn.mean() - 3) < 0.02 and abs(drawn.var() - 3) < 0.1


def test_spans_become_one_mask_each_and_the_rest_keeps_its_order():
    rows = passages()
    hidden = masks = 0
    for row, source in zip(rows, infilled(tf.constant(rows), 4, 0.3, 3.0, draws(rows)).numpy()):
        kept = [token for token in ids(source) if token != 4]
        assert kept == sorted(kept) and set(kept) <= set(ids(row))
        for one, other in zip(ids(source), ids(source)[1:]):
            assert one == 4 or other == 4 or other == one + 1, "what is missing has a mask"
        hidden += len(ids(row)) - len(kept)
        masks += ids(source).count(4)
    tokens = np.count_nonzero(rows)
    assert 0.27 < hidden / tokens < 0.33
    assert 2.2 < hidden / masks < 3.3  # the last span of a row is cut to what is wanted


def test_spans_of_no_token_put_masks_between():
    rows = passages(300)
    sources = infilled(tf.constant(rows), 4, 0.3, 1.0, draws(rows)).numpy()
    lines = [ids(source) for source in sources]
    inserted = [
        before
        for line in lines
        for before, mask, after in zip(line, line[1:], line[2:])
        if mask == 4 and after == before + 1
    ]
    assert inserted


def test_sentences_change_places_as_a_whole():
    rows = np.array([[11, 12, 1, 21, 22, 23, 1, 31, PAD]] * 1, np.int32)
    orders = set()
    for epoch in range(60):
        found = permuted(tf.constant(rows), 1, draws(rows, epoch=epoch)).numpy()[0]
        firsts = [token for token in ids(found) if token % 10 == 1]
        assert ids(found) == [t for f in firsts for t in ids(rows[0]) if t // 10 == f // 10]
        orders.add(tuple(firsts))
    assert len(orders) == 6


def test_the_text_to_restore_has_no_marks_between_sentences():
    rows = np.array([[11, 12, 5, 21, 22, 5, 31]], np.int32)
    source, target = Denoise(infill=0.0).noised(
        tf.constant(rows), Vocabulary([4, 5], SIZE), draws(rows)
    )
    assert ids(target[0]) == [11, 12, 21, 22, 31]
    assert sorted(ids(source[0])) == sorted(ids(target[0]))


def test_rotation_begins_at_any_token():
    row = np.array([[5, 6, 7, PAD]], np.int32)
    found = {tuple(rotated(tf.constant(row), 1.0, draws(row, n)).numpy()[0]) for n in range(50)}
    assert found == {(5, 6, 7, 0), (6, 7, 5, 0), (7, 5, 6, 0)}
    assert np.array_equal(rotated(tf.constant(row), 0.0, draws(row)), row)


def test_masking_and_deleting_hit_their_share_of_tokens():
    rows = passages(500)
    tokens = np.count_nonzero(rows)
    hit = masked(tf.constant(rows), 4, 0.2, draws(rows)).numpy()
    assert np.array_equal(hit == PAD, rows == PAD) and set(hit[hit != rows]) == {4}
    assert 0.18 < np.count_nonzero(hit == 4) / tokens < 0.22
    left = deleted(tf.constant(rows), 0.2, draws(rows)).numpy()
    assert 0.78 < np.count_nonzero(left) / tokens < 0.82
    for row, rest in zip(rows, left):
        assert ids(rest) == sorted(ids(rest)) and set(ids(rest)) <= set(ids(row))


def test_hidden_tokens_are_divided_into_spans_in_all_ways():
    rows = np.arange(1, 3001, dtype=np.int32)[:, None]
    hidden, count = tf.fill([3000], 4), tf.fill([3000], 2)
    begins, number, ends = (part.numpy() for part in divided(hidden, count, draws(rows)))
    found = Counter(map(tuple, ends))
    assert found.keys() == {(0, 1, 4), (0, 2, 4), (0, 3, 4)}
    assert all(abs(share - 1000) < 150 for share in found.values())
    for row, counted, (_, cut, end) in zip(begins, number, ends):
        assert np.flatnonzero(row).tolist() == [0, cut, end]
        assert counted.tolist() == [0] * cut + [1] * (end - cut) + [2]


@pytest.mark.parametrize("density, span", [(0.15, 3.0), (0.5, 3.0), (0.5, 1.0)])
def test_source_and_target_of_span_corruption_are_the_passage_together(density, span):
    rows = passages(300)
    section = {"kind": "span_corruption", "density": density, "span": span}
    hidden = spans = 0
    for row, *sides in zip(rows, *noise(section, rows), strict=True):
        source, target = map(ids, sides)
        signs = [token for token in target if token < FIRST]
        assert signs == list(range(4, 4 + len(signs))) and target[-1] == signs[-1]
        assert [token for token in source if token < FIRST] == signs[:-1]
        whole = []
        for token in source:
            begin = target.index(token) + 1 if token in signs else None
            whole += [token] if begin is None else target[begin : target.index(token + 1)]
        assert whole == ids(row)
        hidden, spans = hidden + len(target) - len(signs), spans + len(signs) - 1
    assert abs(hidden / np.count_nonzero(rows) - density) < 0.04
    assert hidden / spans == pytest.approx(span, rel=0.15) or density == 0.5


def test_a_masked_language_model_asks_for_the_passage():
    rows = passages(500)
    source, target = noise({"kind": "masked_language_model"}, rows)
    assert np.array_equal(target, rows)
    changed = source.numpy()[source.numpy() != rows]
    tokens = np.count_nonzero(rows)
    assert 0.115 < changed.size / tokens < 0.155  # a tenth of 15 % stays
    assert 0.84 < np.mean(changed == 4) < 0.94
    assert changed[changed != 4].min() > 4 and changed.max() < SIZE


def test_a_prefix_and_its_rest_are_the_passage():
    rows = passages(500)
    shares = []
    for row, *sides in zip(rows, *noise({"kind": "prefix_language_model"}, rows)):
        source, target = map(ids, sides)
        assert source + target == ids(row)
        assert source or len(ids(row)) == 1
        if len(ids(row)) > 20:
            shares.append(len(source) / len(ids(row)))
    assert 0.45 < np.mean(shares) < 0.55 and min(shares) < 0.15 and max(shares) > 0.85


def test_a_causal_language_model_has_no_source():
    source, target = noise({"kind": "causal_language_model"}, passages())
    assert source.shape == [200, 0] and np.array_equal(target, passages())


@pytest.mark.parametrize(
    "section, message",
    [
        ({"kind": "denoise", "infill": 1.0}, "infill is a share of the tokens, .*, not 1.0"),
        ({"kind": "denoise", "delete": -0.1}, "delete is a share of the tokens"),
        ({"kind": "denoise", "rotate": 2}, "rotate is a share of passages, 0 to 1, not 2"),
        ({"kind": "denoise", "span": 0}, "span is the mean length of spans, above 0"),
        ({"kind": "span_corruption", "span": 0.5}, "span is the mean length of spans, 1 or more"),
        ({"kind": "span_corruption", "sentinels": 1}, "take 2 sentinels or more, not 1"),
        ({"kind": "masked_language_model", "random": 0.7, "unchanged": 0.4}, "at most 1 together"),
    ],
)
def test_options_without_a_meaning_are_refused(section, message):
    with pytest.raises(ValueError, match=message):
        find_objective(section)


def test_the_sentinels_are_as_many_as_asked_for():
    assert SpanCorruption(sentinels=2).symbols == ("<extra_id_0>", "<extra_id_1>")


class Told:
    """Gives the numbers of a worked example in the place of drawn ones, in order."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def next(self, *arguments):
        return tf.convert_to_tensor([self.numbers.pop(0)])

    uniform = bits = chosen = next


def spoken(side, words):
    return " ".join(words[token] for token in ids(side[0]))


def worked(objective, text, *told):
    """Applies noise to words, whose ids begin at 100: -> source, target as words."""
    words = dict(enumerate([*objective.symbols, "apple"], start=4)) | dict(
        enumerate(text.split(), start=100)
    )
    vocabulary = Vocabulary(list(range(4, 4 + len(objective.symbols))), 5 + len(objective.symbols))
    row = tf.constant([[token for token in words if token >= 100]])
    drawn = Told(*told)
    source, target = objective.noised(row, vocabulary, drawn)
    assert not drawn.numbers, "all are used"
    return [spoken(side, words) for side in (source.numpy(), target.numpy())]


def shown(objective):
    return " ".join(objective.__doc__.split())


ALONE = {"infill": 0.0, "permute": False}
DAMAGES = {
    "infill": ({"permute": False}, [[0.5], [0.3, 0.3], [False, True, False, False, False, False]]),
    "mask": (ALONE | {"mask": 0.4}, [[0.9, 0.3, 0.9, 0.4, 0.1]]),
    "delete": (ALONE | {"delete": 0.3}, [[0.9, 0.2, 0.9, 0.3, 0.8]]),
    "rotate": (ALONE | {"rotate": 0.5}, [[0.4, 0.1]]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_denoise_damages_as_its_docstring_shows(damage):
    options, told = DAMAGES[damage]
    source, target = worked(Denoise(**options), "A b c. D e.", *told)
    assert target == "A b c. D e."
    assert f'{damage} "{source.replace("<mask>", "_")}"' in shown(Denoise)


def test_denoise_permutes_as_its_docstring_shows():
    row = tf.constant([[100, 101, 102, 5, 103, 104]])  # A b c. <sentence> D e.
    bits = Told(tf.constant([2**40, 2**30, 0, 0, 0, 0], tf.uint64))
    source, target = Denoise(infill=0.0).noised(row, Vocabulary([4, 5], SIZE), bits)
    words = dict(enumerate("A b c. D e.".split(), start=100))
    assert spoken(target.numpy(), words) == "A b c. D e."
    assert f'permute "{spoken(source.numpy(), words)}"' in shown(Denoise)


def test_span_corruption_is_what_its_docstring_shows():
    text = "Thank you for inviting me to your party last week"
    divide = [False, True, False, False]  # three tokens into two and one
    gaps = [place in (2, 6) for place in range(11)]  # of seven that stay
    source, target = worked(SpanCorruption(density=0.3, span=1.5), text, divide, gaps)
    assert f'"{text}" -> source "{source}" target "{target}"' in shown(SpanCorruption)


def test_a_masked_language_model_is_what_its_docstring_shows():
    text = "Thank you for inviting me"
    told = [[0.9, 0.1, 0.9, 0.1, 0.1], [0.0, 0.5, 0.0, 0.05, 0.15], [0.0] * 5]
    source, target = worked(MaskedLanguageModel(), text, *told)
    assert f'"{text}" -> source "{source}",' in shown(MaskedLanguageModel)
    assert f'target "{target}"' in shown(MaskedLanguageModel)


def test_prefix_and_causal_language_models_are_what_their_docstrings_show():
    text = "Thank you for inviting me"
    source, target = worked(PrefixLanguageModel(), text, [0.3])
    assert f'"{text}" -> source "{source}", target "{target}"' in shown(PrefixLanguageModel)
    source, target = worked(CausalLanguageModel(), "Thank you")
    assert f'"Thank you" -> source "{source}", target "{target}"' in shown(CausalLanguageModel)
