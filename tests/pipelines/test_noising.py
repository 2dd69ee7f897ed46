"""Noise from a corpus to batches: the same for any split of the work, in any batch."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from pipelines.batches import Batching, Part, Position, positioned_batches, validation_batches
from pipelines.corpora.corpus import Corpus
from pipelines.noising import noised_pairs
from pipelines.objectives.causal_language_model import CausalLanguageModel
from pipelines.objectives.denoise import Denoise
from pipelines.objectives.span_corruption import SpanCorruption
from pipelines.records import Limits, Records, write_records
from pipelines.special_tokens import END, PAD, START
from pipelines.vocabulary import train_tokenizers

WORDS = "the cat dog sat ran on mat to a from red old".split()
DENOISE = Denoise(permute=True)
SPANS = SpanCorruption(sentinels=8)
BATCHING = Batching(tokens=200, pool=64, buffer=50, seed=7)


class Sentences(Corpus):
    """Three kinds of pairs in turn: to denoise, to copy, and with a prefix, of spans to fill in."""

    symbols = (*DENOISE.symbols, *SPANS.symbols)

    def splits(self):
        return ["train"]

    def pairs(self, split, count=150):
        draw = np.random.default_rng(0)
        text = lambda: " ".join(draw.choice(WORDS, draw.integers(2, 8)))
        for number in range(count):
            # So each is told from all others, though the noise may hide it.
            passage = [f"{text()} {number}.", f"{text()}."]
            kinds = [
                (DENOISE.mark, DENOISE.joined(passage)),
                (" ".join(passage), " ".join(passage)),
                (f"fill: {SPANS.mark}", " ".join(passage)),
            ]
            yield kinds[number % 3]


@pytest.fixture(scope="module")
def tokenizers():
    return train_tokenizers(Sentences(), {"kind": "subwords", "size": 330})


@pytest.fixture(scope="module")
def records(tokenizers, tmp_path_factory):
    pairs = Sentences().pairs("train")
    return write_records(pairs, tokenizers, tmp_path_factory.mktemp("records") / "train")


def rows(*batches):
    """Lists the rows of batches without padding: (source, target, labels)."""
    return [
        tuple(tuple(side[side != PAD].tolist()) for side in row)
        for inputs, labels, _ in batches
        for row in zip(inputs["source"].numpy(), inputs["target"].numpy(), labels.numpy())
        if np.any(row[2])
    ]


def an_epoch(records, part=Part(), replicas=1):
    for (number, _), *batch in positioned_batches(records, BATCHING, Position(), replicas, part):
        if number:
            return
        yield batch


def read(records):
    """Reads all records, serialized [N]."""
    return tf.data.TFRecordDataset(records.files).batch(1000).get_single_element()


@pytest.fixture(scope="module")
def serialized(records):
    return read(records)


@pytest.fixture(scope="module")
def first(records):
    return list(an_epoch(records))


def test_each_pair_is_in_an_epoch_with_its_own_noise(first, tokenizers):
    found, mask = rows(*first), tokenizers.source.ids_of(["<mask>"])[0]
    assert len(found) == 150
    copied = [source for source, target, _ in found if source[:-1] == target[1:]]
    masked = [source for source, *_ in found if mask in source]
    sentinel = tokenizers.source.ids_of(SPANS.symbols)[0]
    filled = [(source, target) for source, target, _ in found if target[1] == sentinel]
    assert len(copied) >= 50 and 35 <= len(masked) <= 50 and len(filled) == 50
    fill = tuple(tokenizers.source.tokenize(tf.constant(["fill:"])).to_list()[0])
    assert all(source[: len(fill)] == fill for source, _ in filled)


def test_no_symbol_between_sentences_is_left(first, tokenizers):
    sentence = tokenizers.source.ids_of(["<sentence>"])[0]
    assert not any(sentence in side for row in rows(*first) for side in row)


def test_sides_are_marked_and_shifted_as_ever(first):
    for source, target, labels in rows(*first):
        assert source[-1] == labels[-1] == END and target[0] == START
        assert target[1:] == labels[:-1]


def test_no_batch_is_larger_than_its_budget_and_none_is_wider_than_its_rows(first):
    for inputs, labels, _ in first:
        for side in (*inputs.values(), labels):
            assert side.shape[0] * side.shape[1] <= BATCHING.tokens or side.shape[0] == 1
            assert np.any(side[:, -1])


def test_workers_draw_the_noise_that_one_worker_draws(records, first):
    count, replicas = 2, 3
    parts = [an_epoch(records, Part(index, count), replicas) for index in range(count)]
    for whole, *shares in itertools.islice(zip(first, *parts), 12):
        for index, share in enumerate(shares):
            assert rows(share) == rows(whole)[index::count]


def test_a_position_gives_the_noise_that_running_there_gives(records, first):
    stream = positioned_batches(records, BATCHING, Position(0, 3))
    for whole, (_, *batch) in zip(first[3:6], stream):
        assert rows(batch) == rows(whole)


def sources(records, serialized, *drawn_by):
    """Lists the sources without padding that are drawn by a seed and an epoch."""
    found = records.parse(serialized, *drawn_by)["source"].numpy()
    return [tuple(row[row != PAD].tolist()) for row in found]


def test_the_noise_of_a_passage_depends_on_seed_and_epoch_alone(records, serialized, first):
    drawn = sources(records, serialized, BATCHING.seed, 0)
    assert sorted(drawn) == sorted(source[:-1] for source, *_ in rows(*first))
    assert sources(records, serialized[40:60], BATCHING.seed, 0) == drawn[40:60]
    for other in ((BATCHING.seed, 1), (BATCHING.seed + 1, 0)):
        same = sum(map(tuple.__eq__, sources(records, serialized, *other), drawn))
        assert 50 <= same < 90, "only what is copied, and very few others"


def test_noise_that_is_not_fresh_is_the_same_in_each_epoch(tokenizers, tmp_path):
    kept = dataclasses.replace(DENOISE, fresh=False)
    pairs = ((kept.mark, target) for _, target in Sentences().pairs("train", 30))
    records = write_records(pairs, tokenizers, tmp_path / "train")
    serialized = read(records)
    assert sources(records, serialized, 7, 0) == sources(records, serialized, 7, 1)
    assert sources(records, serialized, 7, 0) != sources(records, serialized, 8, 0)


def test_validation_draws_the_same_noise_each_time_which_is_what_pairs_show(records, tokenizers):
    batches = validation_batches(records, 200)
    once = rows(*batches)
    assert rows(*batches) == once and len(once) == 150
    shown = list(noised_pairs(Sentences().pairs("train"), tokenizers))
    assert any("<mask>" in source for source, _ in shown)
    assert not any("\0" in text or "<sentence>" in text for pair in shown for text in pair)
    for side, part in ((0, [source for source, *_ in once]), (1, [label for *_, label in once])):
        texts = tokenizers.source.detokenize(tf.ragged.constant(part, dtype=tf.int32)).numpy()
        assert {text.decode() for text in texts} == {pair[side] for pair in shown}


def test_pairs_that_nothing_marked_are_shown_as_they_are(tokenizers):
    pairs = [("a\0b", "c"), ("", ""), ("d", "e")]
    assert list(noised_pairs(pairs, tokenizers)) == pairs


def test_an_empty_source_is_shown_as_no_text(tokenizers):
    (pair,) = noised_pairs([(CausalLanguageModel().mark, "the cat")], tokenizers)
    assert pair == ("", "the cat")


def test_records_know_the_longest_that_a_source_can_be(records, serialized):
    bounds = records.lengths(serialized)
    for epoch in range(3):
        made = records.parse(serialized, 0, epoch)
        for side, bound in zip(("source", "target"), bounds):
            assert np.all(np.count_nonzero(made[side], axis=1) <= bound)


def test_a_passage_that_noise_might_not_fit_into_the_source_is_left_out(tokenizers, tmp_path):
    pairs = [(DENOISE.mark, "the cat"), (DENOISE.mark, " ".join(WORDS * 2))]
    records = write_records(pairs, tokenizers, tmp_path / "train", Limits(source=20, target=99))
    assert records.counts["examples"] == 1 and records.counts["source too long"] == 1


def test_records_say_their_noise_themselves(records):
    again = Records(records.folder)
    assert [noise for noise, _ in again._noising.noises] == [DENOISE, SPANS]


def test_noise_needs_one_tokenizer_for_both_sides(tokenizers, tmp_path):
    section = {"kind": "subwords", "size": 330, "shared": False}
    apart = train_tokenizers(Sentences(), section)
    with pytest.raises(ValueError, match="needs a tokenizer with shared = true"):
        write_records(Sentences().pairs("train"), apart, tmp_path / "train")


def test_a_tokenizer_without_the_symbols_is_refused(tmp_path):
    class Plain(Sentences):
        symbols = ()

    plain = train_tokenizers(Plain(), {"kind": "subwords", "size": 330})
    with pytest.raises(ValueError, match="Subwords has no symbol <mask>, which the corpus's"):
        write_records(Sentences().pairs("train"), plain, tmp_path / "train")
    with pytest.raises(ValueError, match="no room for .* <mask>: take .* cased_subwords or subwo"):
        train_tokenizers(Sentences(), {"kind": "words", "size": 50})


def test_cased_subwords_have_symbols_too():
    section = {"kind": "cased_subwords", "size": 330, "symbols": ["<more>"]}
    tokenizer = train_tokenizers(Sentences(), section).source
    ids = tokenizer.tokenize(tf.constant(["The<mask> cat"]))
    assert tokenizer.ids_of(["<mask>"])[0] in ids.to_list()[0]
    assert tokenizer.detokenize(ids).numpy()[0] == b"The<mask> cat"
    assert len(tokenizer.ids_of(["<more>", "<extra_id_7>"])) == 2


def test_marks_are_no_text_to_learn_pieces_of(tokenizers):
    assert not any("infill" in piece or "kind" in piece for piece in tokenizers.source.pieces())
