"""Tests of duplicates: fingerprints tell what is alike, and what came earlier is found."""

import itertools
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.wikipedia import partitions
from pipelines.wikipedia.article import Article, Section
from pipelines.wikipedia.duplicates import COMPARED, Duplicates, Found, Totals, find_duplicates
from pipelines.wikipedia.fingerprints import MINIMA, Fingerprints

WORDS = [f"{first}{second}" for first in "bcdfghklmnprstvwz" for second in ("al", "en", "ir", "or")]


def article(*paragraphs):
    return Article(1, "Title", [Section("", 1, [[text] for text in paragraphs])])


def signatures(*texts):
    return Fingerprints.of([article(text) for text in texts], 1).signatures


def prose(seed, words=400):
    return random.Random(seed).choices(WORDS, k=words)


def find(chunks, folder=None, largest=1000, **options):
    totals = Totals(
        sum(len(chunk.paragraphs) for chunk in chunks), sum(len(chunk.hashes) for chunk in chunks)
    )
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary) / "found"
        found = find_duplicates(place, totals, lambda: iter(chunks), Duplicates(**options), largest)
        return [list(map(int, np.flatnonzero(marks))) for marks in found]


def test_paragraphs_have_the_same_hash_if_they_are_the_same_but_for_capitals():
    one, two, other = Fingerprints.of([article("A dog.", "a Dog."), article("A cat.")], 1).hashes
    assert one == two != other


def test_a_paragraph_too_short_has_no_hash():
    assert list(Fingerprints.of([article("A dog barks.")], 13).hashes) == [0]
    assert list(Fingerprints.of([article("A dog barks.")], 12).hashes) != [0]


def test_equal_numbers_in_signatures_estimate_the_share_of_common_sequences():
    base = prose(1)
    for changed in (1, 4, 10):
        other = list(base)
        for place in range(20, 400, 400 // changed):
            other[place] = "changed"
        shingles = [
            {" ".join(text)[start : start + 24] for start in starts(" ".join(text))}
            for text in (base, other)
        ]
        exact = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        left, right = signatures(" ".join(base), " ".join(other))
        assert abs((left == right).mean() - exact) < 0.15


def starts(text):
    return [0] + [place + 1 for place, character in enumerate(text) if character == " "]


def test_sections_and_neighbours_do_not_change_a_signature():
    words = prose(2)
    whole, *_ = signatures(" ".join(words), "Another text.")
    parted = Fingerprints.of([article("Before."), article(" ".join(words))], 1).signatures[1]
    assert np.array_equal(whole, parted)


def test_texts_without_spaces_have_sequences_too():
    base = "".join(random.Random(1).choices("的一是不了人我在有他这中大来上国", k=300))
    left, right, other = signatures(base + "。", base[:290] + "。", base[::-1])
    assert (left == right).mean() > 0.8 > 0.2 > (left == other).mean()


def test_fingerprints_unpack_as_they_were_packed():
    given = Fingerprints.of([article("A dog.", "A cat."), article(), article("A cow.")], 3)
    for field, again in zip(given, Fingerprints.unpack(given.pack())):
        assert field.dtype == again.dtype and np.array_equal(field, again)


def test_the_second_of_two_paragraphs_is_found():
    first = Fingerprints.of([article("The dog barks.", "The cat sat."), article("A cow.")], 1)
    second = Fingerprints.of([article("A pig.", "The cat sat.", "The dog barks.")], 1)
    assert find([first, second], similarity=0) == [[], [4, 5]]
    assert find([first, second], similarity=0, paragraph=0) == [[], []]


def test_an_article_nearly_like_an_earlier_one_is_found():
    base, other = " ".join(prose(3)), " ".join(prose(4))
    near = base.replace(base[700:708], "altered!", 1)
    chunk = Fingerprints.of([article(base), article(other), article(near)], 1)
    assert find([chunk]) == [[2], []]
    assert find([chunk], similarity=0) == [[], []]


def test_a_paragraph_of_a_duplicate_article_is_not_what_a_later_one_repeats():
    base, extra = " ".join(prose(5)), "Only the second article has this paragraph."
    articles = [article(base), article(base, extra), article(extra)]
    assert find([Fingerprints.of(articles, 10)]) == [[1], []]


def test_articles_without_any_text_are_not_like_each_other():
    assert find([Fingerprints.of([article(), article(), article("")], 1)]) == [[], []]


def test_nothing_has_no_duplicates():
    assert find([]) == find([Fingerprints.of([], 1)]) == [[], []]


def random_chunk(draw):
    counts = draw(st.lists(st.integers(0, 3), max_size=4))
    hashes = draw(
        st.lists(st.integers(0, 6), min_size=sum(counts), max_size=sum(counts)).map(
            lambda numbers: [number * 2**61 + number for number in numbers]
        )
    )
    rows = []
    for _ in counts:
        # Two thirds of the numbers, or none, are one of two kinds: many pairs near a threshold.
        kind, noise = draw(st.integers(0, 2)), draw(st.integers(0, 3))
        chance = random.Random(noise)
        row = np.full(MINIMA, kind, np.uint16)
        for place in chance.sample(range(MINIMA), 12 * noise):
            row[place] = 1000 + place + noise
        rows.append(row)
    return Fingerprints(
        np.array(counts, np.uint32),
        np.array(hashes, np.uint64),
        np.array(rows, np.uint16).reshape(-1, MINIMA),
    )


random_chunks = st.lists(st.composite(random_chunk)(), max_size=4)


def brute_force(chunks, similarity, bands, rows):
    signatures = [row for chunk in chunks for row in chunk.signatures]
    articles, paragraphs, seen, place = [], [], set(), itertools.count()
    for number, row in enumerate(signatures):
        for earlier in signatures[:number]:
            equal = row == earlier
            if equal.reshape(bands, rows).all(axis=1).any() and equal.mean() >= similarity:
                articles.append(number)
                break
    numbers = itertools.count()
    for chunk in chunks:
        hashes = iter(chunk.hashes)
        for count in chunk.paragraphs:
            duplicate = next(numbers) in articles
            for value, at in zip(itertools.islice(hashes, int(count)), place):
                if value and not duplicate:
                    paragraphs += [at] if value in seen else []
                    seen.add(value)
    return [articles, paragraphs]


@settings(max_examples=100, deadline=None)
@given(random_chunks, st.sampled_from([0.5, 0.8, 0.90625]), st.sampled_from([20, 1000]))
def test_what_is_found_is_what_comparing_all_with_all_finds(chunks, similarity, largest):
    expected = brute_force(chunks, similarity, *Duplicates(similarity=similarity).bands())
    assert find(chunks, similarity=similarity, paragraph=1, largest=largest) == expected


def test_no_array_of_records_is_larger_than_the_bound(monkeypatch):
    chance = np.random.default_rng(0)
    chunks = [
        Fingerprints(
            np.full(50, 4, np.uint32),
            chance.integers(1, 2**63, 200, np.uint64) * np.uint64(2),
            chance.integers(0, 2**16, [50, MINIMA]).astype(np.uint16),
        )
        for _ in range(20)
    ]
    sizes = []
    real = partitions.np.fromfile

    def measured(*arguments):
        sizes.append(len(block := real(*arguments)))
        return block

    monkeypatch.setattr(partitions.np, "fromfile", measured)
    assert find(chunks, largest=500) == [[], []]
    assert max(sizes) <= 500
    assert sum(sizes) == 20 * 50 * 16 + 20 * 200  # each record is read once


def test_a_crowd_of_equal_articles_is_found_whatever_the_bound():
    crowd = [Fingerprints.of([article("A dog barks at night.")] * 50, 1)] * 3
    assert COMPARED < 50
    assert find(crowd, largest=20) == [list(range(1, 150)), []]


def test_a_search_that_was_killed_starts_again_and_one_that_ended_is_read(tmp_path):
    chunk = Fingerprints.of([article("A dog."), article("A dog.")], 1)
    (tmp_path / "found.partial").mkdir()
    (tmp_path / "found.partial" / "bands").write_text("half-written")
    assert find([chunk], tmp_path, similarity=0, paragraph=1) == [[], [1]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found"]
    assert sorted(path.name for path in (tmp_path / "found").iterdir()) == sorted(Found._fields)
    assert find([], tmp_path) == [[], [1]]


def test_the_most_rows_are_taken_that_find_nine_of_ten():
    assert Duplicates(similarity=0.8).bands() == (16, 8)
    assert Duplicates(similarity=0.95).bands() == (8, 16)
    assert Duplicates(similarity=0.02).bands() == (128, 1)


@pytest.mark.parametrize("options", [{"similarity": 1.1}, {"paragraph": -1}])
def test_an_option_out_of_its_range_is_an_error(options):
    with pytest.raises(ValueError, match="is a number of bytes|is between 0"):
        Duplicates(**options)
