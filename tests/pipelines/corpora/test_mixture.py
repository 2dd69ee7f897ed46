"""Tests of the corpus of several corpora."""

import itertools
from collections import Counter

import pytest

from pipelines.corpora.mixture import Mixture


@pytest.fixture
def section(tmp_path):
    """Writes a corpus whose examples are (name1, name1), (name2, name2), ... in each split."""

    def section(name: str, weight: float | None = None, faults: int = 0, **sizes: int) -> dict:
        for split, size in sizes.items():
            lines = [f"{name}{number}\t{name}{number}\n" for number in range(1, size + 1)]
            (tmp_path / f"{name}.{split}").write_text("".join(lines) + "\n" * faults)
        paths = {split: f"{name}.{split}" for split in sizes}
        section = {"kind": "tab_separated", "paths": paths, "folder": str(tmp_path)}
        section["faulty"] = "drop"
        return section if weight is None else section | {"weight": weight}

    return section


def drawn(mixture, split="train"):
    return [source for source, _ in mixture.pairs(split)]


def test_an_epoch_ends_with_the_last_example_of_the_corpus_that_gets_through_latest(section):
    mixture = Mixture([section("a", train=2), section("b", train=3)])
    assert drawn(mixture) == ["a1", "b1", "a2", "b2", "a1", "b3"]


@pytest.mark.parametrize("weights", [(1, 1), (3, 1), (1, 5), (0.2, 0.7)])
def test_weights_are_shares_of_the_examples_at_every_moment(section, weights):
    mixture = Mixture([section("a", weights[0], train=40), section("b", weights[1], train=70)])
    counts: Counter[str] = Counter()
    for total, name in enumerate(drawn(mixture), start=1):
        counts[name[0]] += 1
        for letter, weight in zip("ab", weights):
            assert abs(counts[letter] - total * weight / sum(weights)) <= 1


def test_every_example_of_every_corpus_is_in_an_epoch(section):
    mixture = Mixture([section("a", 1, train=7), section("b", 2.5, train=3), section("c", train=1)])
    wanted = {*(f"a{n}" for n in range(1, 8)), "b1", "b2", "b3", "c1"}
    assert set(drawn(mixture)) == wanted


def test_a_mixture_gives_the_same_order_each_time(section):
    mixture = Mixture([section("a", 1, train=5), section("b", 3, train=4)])
    assert drawn(mixture) == drawn(mixture)


def test_other_splits_are_joined_from_the_corpora_that_have_them(section):
    mixture = Mixture(
        [section("a", 9, train=1, valid=2), section("b", train=1), section("c", train=1, valid=1)]
    )
    assert mixture.splits() == ["train", "valid"]
    assert drawn(mixture, "valid") == ["a1", "a2", "c1"]


def test_drops_are_added_up_over_one_reading_of_each_corpus(section):
    mixture = Mixture([section("a", train=2, faults=3), section("b", train=9, faults=1)])
    for _ in range(2):
        drawn(mixture)
        assert mixture.dropped == {"empty line": 4}


def test_a_mixture_may_hold_a_mixture(section):
    inner = {"kind": "mixture", "corpora": [section("a", train=1), section("b", train=1)]}
    mixture = Mixture([inner | {"weight": 2}, section("c", train=1)])
    assert drawn(mixture) == ["a1", "b1", "c1"]


def test_a_corpus_without_training_examples_is_an_error(section):
    mixture = Mixture([section("a", train=1), section("b", train=0)])
    with pytest.raises(ValueError, match="has no examples in 'train'"):
        drawn(mixture)


@pytest.mark.parametrize("weight", [0, -1, "much", True, float("nan")])
def test_a_weight_is_a_number_above_zero(section, weight):
    with pytest.raises(ValueError, match="a weight is a number above 0"):
        Mixture([section("a", weight, train=1)])


def test_reading_can_stop_anywhere(section):
    mixture = Mixture([section("a", train=5), section("b", train=5)])
    first = list(itertools.islice(mixture.pairs("train"), 3))
    assert [source for source, _ in first] == drawn(mixture)[:3]
