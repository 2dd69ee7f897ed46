"""From records to batches: every example once an epoch, in a stream that only its seed decides."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf

from pipelines.batches import (
    Batching,
    Part,
    Position,
    positioned_batches,
    training_batches,
    validation_batches,
)
from pipelines.records import write_records
from pipelines.special_tokens import END, PAD, START, UNKNOWN

BATCHING = Batching(tokens=60, pool=64, buffer=50, seed=7)


class Numbers:
    """Reads ids as they are written: "7 8" -> [7, 8]."""

    size = 1000

    def tokenize(self, text):
        return tf.strings.to_number(tf.strings.split(text), tf.int32)


class Both:
    source = target = Numbers()


def corpus(size, longest, seed=0):
    """Draws pairs of rows of ids whose sides have similar lengths, as translations have."""
    draw = np.random.default_rng(seed)
    for number in range(size):
        length = int(draw.integers(1, longest))
        side = draw.integers(UNKNOWN + 1, 999, size=length + int(draw.integers(0, 3)))
        target = [number + UNKNOWN + 1, *draw.integers(UNKNOWN + 1, 999, size=length - 1)]
        yield " ".join(map(str, side)), " ".join(map(str, target))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records") / "train"
    return write_records(corpus(200, 30), Both, folder, shards=6)


@pytest.fixture(scope="module")
def epochs(records):
    """The batches of the first epochs, by epoch."""
    found = {0: [], 1: [], 2: []}
    for (epoch, batch), *parts in positioned_batches(records, BATCHING, Position()):
        if int(epoch) not in found:
            return found
        assert int(batch) == len(found[int(epoch)]), "positions count batches"
        found[int(epoch)].append(parts)


def examples(batches):
    """Counts examples, as (source, target, labels) without padding."""
    rows = (
        row
        for batch, labels, _ in batches
        for row in zip(batch["source"].numpy(), batch["target"].numpy(), labels.numpy())
    )
    real = (tuple(tuple(side[side != PAD].tolist()) for side in row) for row in rows)
    return Counter(sides for sides in real if any(sides))


def same(one, other):
    pairs = zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True)
    return all(np.array_equal(left, right) for left, right in pairs)


def expected(size, longest):
    rows = [tuple(tuple(map(int, side.split())) for side in p) for p in corpus(size, longest)]
    return Counter(((*s, END), (START, *t), (*t, END)) for s, t in rows)


def test_labels_are_the_target_shifted_by_one(epochs):
    for batch, labels, weights in epochs[0]:
        target, labels = batch["target"].numpy(), labels.numpy()
        assert np.all(target[:, 0] == START)
        inside = target[:, 1:] != PAD
        assert np.array_equal(target[:, 1:], np.where(inside, labels[:, :-1], PAD))
        lengths = (labels != PAD).sum(axis=1)
        assert np.all(labels[np.arange(len(labels)), lengths - 1] == END)
        assert np.array_equal(weights, labels != PAD)


def test_every_example_appears_exactly_once_an_epoch(epochs):
    for batches in epochs.values():
        assert examples(batches) == expected(200, 30)


def test_no_batch_is_larger_than_its_budget_unless_it_is_one_row(epochs):
    for batch, _, _ in epochs[0] + epochs[1]:
        rows, longest = len(batch["source"]), max(part.shape[1] for part in batch.values())
        assert rows * longest <= BATCHING.tokens or rows == 1


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own(records):
    narrow = Batching(tokens=10, pool=64, buffer=50)
    (first,) = positioned_batches(records, narrow, Position()).take(1)
    batches = []
    for (epoch, _), *parts in positioned_batches(records, narrow, Position()):
        if epoch > first[0][0]:
            break
        batches.append(parts)
    assert examples(batches) == expected(200, 30)


def test_epochs_differ_in_order(epochs):
    orders = [[int(b["target"][0, 1]) for b, _, _ in batches] for batches in epochs.values()]
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_epochs_differ_in_what_shares_a_batch(epochs):
    together = [{tuple(sorted(examples([b]))) for b in batches} for batches in epochs.values()]
    assert len(together[0] & together[1]) < len(together[0]) / 2


def test_another_seed_gives_another_order(records, epochs):
    other = training_batches(records, Batching(tokens=60, pool=64, buffer=50, seed=8))
    assert not all(same(one, two) for one, two in zip(other.take(5), epochs[0]))


@pytest.mark.parametrize("epoch, batch", [(0, 7), (1, 0), (1, 3)])
def test_a_position_gives_the_batches_that_running_there_gives(records, epochs, epoch, batch):
    stream = positioned_batches(records, BATCHING, Position(epoch, batch))
    for offset, (place, *parts) in enumerate(stream.take(3)):
        assert tuple(place.numpy()) == (epoch, batch + offset)
        assert same(parts, epochs[epoch][batch + offset])


def test_a_position_past_the_epoch_is_in_the_next(records, epochs):
    stream = positioned_batches(records, BATCHING, Position(0, len(epochs[0]) + 2))
    ((place, *parts),) = stream.take(1)
    assert tuple(place.numpy()) == (1, 2) and same(parts, epochs[1][2])


def test_the_programs_own_seed_changes_nothing(records, epochs):
    seed = 0  # which a shuffle with a seed of its own would not take
    tf.random.set_seed(seed)
    drawn = tf.random.uniform([]).numpy()
    tf.random.set_seed(seed)
    batches = list(training_batches(records, BATCHING).take(4))
    assert all(same(one, two) for one, two in zip(batches, epochs[0]))
    assert tf.random.uniform([]).numpy() == drawn, "nor do batches change the program's seed"


def test_replicas_only_add_rows_of_padding(records, epochs):
    replicas = 8
    stream = training_batches(records, BATCHING, replicas=replicas)
    for (batch, labels, weights), alone in zip(stream.take(20), epochs[0]):
        rows = len(alone[1])
        assert len(labels) % replicas == 0 and len(labels) - rows < replicas
        added = [part[rows:] for part in (*batch.values(), labels, weights)]
        assert not any(np.any(part) for part in added)
        kept = {name: part[:rows] for name, part in batch.items()}
        assert same([kept, labels[:rows], weights[:rows]], alone)


def rows(batch):
    """Lists the rows of a batch that are not padding, in order."""
    return list(examples([batch]).elements())


@pytest.mark.parametrize("count, replicas", [(2, 1), (4, 2)])
def test_workers_share_the_rows_of_each_batch_of_one_worker(records, epochs, count, replicas):
    make = lambda n: training_batches(records, BATCHING, Position(), replicas, Part(n, count))
    streams = [make(index).take(30) for index in range(count)]
    for whole, *parts in zip(epochs[0], *streams):
        for index, part in enumerate(parts):
            assert rows(part) == rows(whole)[index::count]
        assert sum(map(len, map(rows, parts))) == len(rows(whole))


def test_a_worker_without_rows_of_a_batch_gets_rows_of_padding(records):
    # A row is of two tokens or more, so that 60 tokens are 30 rows at most.
    stream = training_batches(records, BATCHING, Position(), 2, Part(39, 40))
    for batch, labels, weights in stream.take(30):
        for part in (*batch.values(), labels, weights):
            assert part.shape == [2, 1] and not np.any(part)


def test_a_worker_takes_up_its_part_at_any_position(records, epochs):
    place = Position(1, 3)
    (batch,) = training_batches(records, BATCHING, place, 1, Part(1, 2)).take(1)
    assert rows(batch) == rows(epochs[1][3])[1::2]


@pytest.mark.parametrize("index, count", [(2, 2), (-1, 2), (0, 0)])
def test_a_part_that_is_not_there_is_refused(index, count):
    with pytest.raises(ValueError, match="wanted an index from 0 to count - 1"):
        Part(index, count)


def test_what_lies_before_a_position_is_not_parsed(records, epochs, monkeypatch):
    seen = set()
    parse = records.parse

    def watched(run, *drawn_by):
        with tf.control_dependencies([tf.numpy_function(lambda r: seen.update(r), [run], [])]):
            return parse(tf.identity(run), *drawn_by)

    monkeypatch.setattr(records, "parse", watched)
    next(iter(positioned_batches(records, BATCHING, Position(0, 20))))
    first = {int(target) for target in parse(tf.constant(sorted(seen)))["target"][:, 0]}
    before = {int(row[1]) for batch, _, _ in epochs[0][:20] for row in batch["target"]}
    assert first and not first & before


def test_validation_batches_hold_each_example_once(records):
    batches = list(validation_batches(records, tokens=60))
    assert examples(batches) == expected(200, 30)
    for batch, _, _ in batches:
        rows, longest = len(batch["source"]), max(part.shape[1] for part in batch.values())
        assert rows * longest <= 60 or rows == 1


def test_validation_batches_are_the_same_each_time(records):
    batches = validation_batches(records, tokens=60)
    assert all(same(one, two) for one, two in zip(batches, batches, strict=True))


def test_little_is_padding(tmp_path):
    # Sides of 1 to 60 tokens, a target's source at most two tokens longer. In batches of 2048
    # tokens, taken as they come, about half would be padding.
    records = write_records(corpus(4000, 60), Both, tmp_path / "train")
    stream = training_batches(records, Batching(tokens=2048, pool=4000, buffer=4000))
    cells = real = 0
    for batch, _, _ in islice(stream, 60):
        for part in batch.values():
            cells += part.numpy().size
            real += np.count_nonzero(part)
    assert 1 - real / cells < 0.06
