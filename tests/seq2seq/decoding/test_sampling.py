import collections
import math

import numpy as np
import pytest
from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.parts.random_numbers import uniform, words_mixed
from seq2seq.decoding.sampling import Sampling
from seq2seq.decoding.search import Steps

# Of PAD, START, END and six words; what PAD and START have is not drawn.
CHANCES = np.array([0.1, 0.1, 0.02, 0.32, 0.2, 0.12, 0.08, 0.04, 0.02])
DRAWN = CHANCES[END:] / CHANCES[END:].sum()
MANY = 20_000


def draw_one(chances=CHANCES, limit=1, given={}, sentences=1, **options):
    """Draws targets of at most `limit` ids, each by the same chances."""

    def step(token, position, state):
        logits = ops.convert_to_tensor(np.log(chances), "float32")
        return ops.broadcast_to(logits, (ops.shape(token)[0], len(chances))), state

    return Sampling(**options)(Steps(step, {}), sentences, limit, given)


def shares(found):
    """Counts how often each id was drawn first: [V - END]."""
    ids = np.asarray(found.ids)[..., 0].ravel()
    return np.bincount(ids, minlength=len(CHANCES))[END:] / ids.size


def close_to(wanted):
    """Allows five standard deviations of what is counted of MANY draws."""
    wanted = np.asarray(wanted)
    return lambda found: (np.abs(found - wanted) <= 5 * np.sqrt(wanted / MANY) + 1e-9).all()


def test_tokens_are_drawn_as_often_as_the_model_says():
    assert close_to(DRAWN)(shares(draw_one(samples=MANY)))


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_sharpens_and_flattens(temperature):
    wanted = DRAWN ** (1 / temperature)
    found = shares(draw_one(samples=MANY, temperature=temperature))
    assert close_to(wanted / wanted.sum())(found)


@pytest.mark.parametrize(
    "options, kept",
    [
        ({"top_k": 1}, 1),
        ({"top_k": 3}, 3),
        ({"top_k": 99}, 7),
        ({"top_p": 0.39}, 1),  # the likeliest has 0.4 of what may be drawn, the next 0.25
        ({"top_p": 0.41}, 2),
        ({"top_p": 0.9}, 4),
        ({"min_p": 0.3}, 3),  # 0.12 / 0.32 is more, 0.08 / 0.32 less
        ({"epsilon": 0.09}, 4),
        ({"epsilon": 0.99}, 1),
        ({"top_k": 5, "min_p": 0.2, "epsilon": 0.12}, 3),
    ],
)
def test_what_is_cut_off_is_never_drawn_and_the_rest_keeps_its_proportions(options, kept):
    """The words are in falling order, END (0.02) apart: 0.32, 0.2, 0.12, 0.08, 0.04, 0.02."""
    wanted = np.sort(DRAWN)[::-1].cumsum()[kept - 1]
    likeliest = np.isin(np.arange(7), np.argsort(-DRAWN, kind="stable")[:kept])
    found = shares(draw_one(samples=MANY, **options))
    assert close_to(np.where(likeliest, DRAWN / wanted, 0))(found)


def test_the_score_is_that_of_the_whole_distribution():
    found = draw_one(samples=50, temperature=0.5, top_k=2, limit=3)
    for ids, score in zip(np.asarray(found.ids[0]), np.asarray(found.scores[0])):
        assert score == pytest.approx(np.log(CHANCES[ids]).sum(), abs=1e-5)


def test_samples_come_best_first_and_fewer_are_the_same_ones(prefix_model, written):
    model = prefix_model(seed=3)
    draw = lambda samples: Sampling(samples=samples)(Steps(model.step, model.begin(9)), 9, 6)
    few, many = draw(3), draw(7)
    assert (np.diff(many.scores, axis=1) <= 0).all()
    for sentence in range(9):
        left = collections.Counter(map(written, many.ids[sentence]))
        left.subtract(map(written, few.ids[sentence]))
        assert min(left.values()) >= 0


def test_a_sentence_draws_by_its_source_whatever_its_batch(prefix_model):
    model = prefix_model(seed=4)
    sources = np.array([[5, 4], [5, 5], [5, 4], [4, 5], [9, 0]], "int32")
    first = np.array([3, 1, 3, 3, 0], "int32")

    def draw(places, seed=1):
        steps = Steps(model.step, {"hash": first[places]})
        given = {"source": np.pad(sources[places], [(0, 0), (0, len(places))])}
        return np.asarray(Sampling(samples=4, seed=seed)(steps, len(places), 9, given).ids)

    together = draw(np.arange(5))
    np.testing.assert_array_equal(together[0], together[2])
    assert (together[0] != together[3]).any()  # the same model, another source
    assert (draw(np.arange(5), seed=2) != together).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(draw(np.array([4, 1])), together[[4, 1]])


# What a sentence asks for, and the options that mean the same.
ASKED: list[tuple[dict, dict]] = [
    ({"temperature": 0.5, "seed": 3}, {"temperature": 0.5, "seed": 3}),
    ({"top_k": 2, "seed": 2**31 - 1}, {"top_k": 2, "seed": 2**31 - 1}),
    ({"top_p": 0.5, "temperature": 3.0}, {"top_p": 0.5, "temperature": 3.0}),
    ({"top_k": 3, "top_p": 0.7}, {"top_k": 3, "top_p": 0.7}),
    ({"temperature": 0.0}, {"top_k": 1}),
    ({"temperature": math.nan}, {"top_k": 1}),
    ({"temperature": -1.0, "top_k": -5, "top_p": 7.0}, {"top_k": 1}),
    ({"top_k": 99}, {}),
    ({"top_p": 0.0}, {"top_k": 1}),
    ({"top_p": math.nan}, {"top_k": 1}),
]


def test_each_sentence_of_a_batch_is_drawn_as_it_asks(prefix_model):
    model = prefix_model(seed=5)
    kinds = {"temperature": "float32", "top_k": "int32", "top_p": "float32", "seed": "int64"}
    usual = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 0}
    count = len(ASKED)
    rows = [usual | asked for asked, _ in ASKED]
    given = {name: np.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    source = np.arange(2 * count, dtype="int32").reshape(count, 2) + 1
    together = Sampling(samples=5)(
        Steps(model.step, model.begin(count)), count, 8, given | {"source": source}
    )
    for row, (_, options) in enumerate(ASKED):
        state = {name: tensor[row : row + 1] for name, tensor in model.begin(count).items()}
        search = Sampling(samples=5, **options)
        alone = search(Steps(model.step, state), 1, 8, {"source": source[row : row + 1]})
        np.testing.assert_array_equal(together.ids[row], alone.ids[0])
        np.testing.assert_allclose(together.scores[row], alone.scores[0], atol=1e-5)


def test_seeds_of_64_bits_draw_differently():
    seeds = np.array([1, -1, 2**40, 2**62, -(2**63), 5 * 2**32], "int64")
    found = draw_one(samples=40, sentences=len(seeds), given={"seed": seeds}, limit=3).ids
    assert len({np.asarray(ids).tobytes() for ids in found}) == len(seeds)


def test_numbers_spread_evenly_over_every_word_that_makes_them():
    for words in ((np.arange(MANY), 0, 0), (0, np.arange(MANY), 3), (7, 7, np.arange(MANY))):
        found = np.asarray(uniform(*(ops.convert_to_tensor(word, "int32") for word in words)))
        assert (0 <= found).all() and (found < 1).all()
        counts = np.bincount((found * 50).astype(int), minlength=50)
        assert ((counts - MANY / 50) ** 2 / (MANY / 50)).sum() < 100  # chi squared of 49
        assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.04


def test_the_order_of_words_matters():
    assert int(words_mixed(1, 2)) != int(words_mixed(2, 1)) != int(words_mixed(2, 1, 0))


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.0},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_p": 1.5},
        {"epsilon": 1.0},
        {"samples": 0},
        {"seed": -1},
    ],
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} = .*: choose"):
        Sampling(**options)
