"""Each step on its own: what its docstring shows, element by element."""

import numpy as np
import pytest
import tensorflow as tf

from pipelines import steps
from pipelines.special_tokens import END, PAD, START


def lengths(pool):
    """Reads a record such as "2 3": a source of two ids, a target of three, no marks counted."""
    sides = tf.strings.to_number(tf.strings.split(pool).to_tensor(), tf.int32)
    return sides[:, 0], sides[:, 1]


def records(*lengths):
    return tf.constant([f"{source} {target}" for source, target in lengths])


def after(step, *pools):
    """Applies a step to a dataset of pools -> what it leaves, as tuples of (source, target)."""
    # Pools differ in size, which from_tensors cannot say of several: each is a dataset.
    whole = tf.data.Dataset.from_tensors(pools[0])
    for pool in pools[1:]:
        whole = whole.concatenate(tf.data.Dataset.from_tensors(pool))
    whole = whole.apply(step)
    return [[tuple(map(int, one.split())) for one in pool] for pool in whole.as_numpy_iterator()]


def greedy(lengths, budget):
    """Says where runs begin: a row opens a run when it would make the last run too large."""
    starts, run = [], []
    for place, length in enumerate(lengths):
        if not run or (len(run) + 1) * max(*run, length) > budget:
            starts.append(place)
            run = []
        run.append(length)
    return starts


def run_starts(lengths, budget):
    return steps.run_starts(tf.constant(lengths, tf.int32), budget).numpy().tolist()


def test_files_are_read_four_at_a_time_sixteen_records_each(tmp_path):
    names = [str(tmp_path / name) for name in "abcde"]
    for name in names:
        with tf.io.TFRecordWriter(name) as writer:
            for number in range(20):
                writer.write(f"{name[-1]}{number}")
    records = tf.data.Dataset.from_tensor_slices(names).apply(steps.interleaved())
    read = [record.decode() for record in records.as_numpy_iterator()]
    assert read[:64] == [f"{name}{number}" for name in "abcd" for number in range(16)]
    assert sorted(read) == sorted(f"{name}{number}" for name in "abcde" for number in range(20))


def test_shuffling_depends_on_nothing_but_its_seed():
    def order(seed):
        shuffled = tf.data.Dataset.range(30).apply(steps.shuffled(10, tf.constant(seed, tf.int64)))
        return [int(number) for number in shuffled]

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(30))


def test_shuffling_moves_an_element_forward_by_less_than_the_buffer():
    seed = tf.constant(3, tf.int64)
    shuffled = tf.data.Dataset.range(100).apply(steps.shuffled(10, seed))
    assert all(int(number) < place + 10 for place, number in enumerate(shuffled))


def test_a_pool_holds_so_many_elements_and_the_last_the_rest():
    pools = tf.data.Dataset.range(5).apply(steps.pooled(2))
    assert [list(pool) for pool in pools.as_numpy_iterator()] == [[0, 1], [2, 3], [4]]


def test_records_are_sorted_by_target_then_by_source_to_and_fro():
    unsorted = records((3, 2), (1, 1), (3, 3), (1, 3), (1, 2), (3, 1), (2, 2))
    (ordered,) = after(steps.sorted_by_length(lengths), unsorted)
    assert ordered == [(1, 1), (3, 1), (3, 2), (2, 2), (1, 2), (1, 3), (3, 3)]


def test_records_of_the_same_lengths_keep_their_order():
    unsorted = tf.constant(["1 1 9", "2 1 8", "1 1 7", "1 1 8"])
    dataset = tf.data.Dataset.from_tensors(unsorted)
    (ordered,) = dataset.apply(steps.sorted_by_length(lengths)).as_numpy_iterator()
    assert list(ordered) == [b"1 1 9", b"1 1 7", b"1 1 8", b"2 1 8"]


def test_runs_are_what_their_docstrings_show():
    assert run_starts([3, 4, 4, 5, 6], 12) == [0, 3]
    ends = steps.run_ends(tf.constant([3, 4, 4, 5, 6]), 12)
    assert ends.numpy().tolist() == [3, 3, 4, 5, 5]
    rows = [(length, length) for length in [2, 3, 3, 4, 5]]
    assert after(steps.cut_by_tokens(15, lengths), records(*rows)) == [rows[:3], rows[3:]]


@pytest.mark.parametrize("ordered", [True, False])
def test_runs_begin_where_a_greedy_reader_begins_them(ordered):
    draw = np.random.default_rng(0)
    for _ in range(60):
        rows = draw.integers(1, 20, draw.integers(1, 60))
        if ordered:
            rows.sort()
        budget = int(draw.integers(1, 80))  # many rows alone are longer than that
        assert run_starts(rows, budget) == greedy(rows.tolist(), budget)


def test_a_row_longer_than_the_budget_is_a_run_of_its_own():
    assert run_starts([2, 9, 2, 2, 9, 9], 4) == [0, 1, 2, 4, 5]


def test_a_budget_that_every_row_fits_into_makes_one_run():
    assert run_starts([3, 1, 2] * 40, 2**31 - 2) == [0]


def test_a_pool_of_one_row_is_one_run():
    assert after(steps.cut_by_tokens(4, lengths, seed=1), records((9, 1))) == [[(9, 1)]]


def test_the_longer_side_counts_with_its_mark():
    short, long = (1, 3), (4, 1)
    assert after(steps.cut_by_tokens(8, lengths), records(*[short] * 3)) == [[short] * 2, [short]]
    assert after(steps.cut_by_tokens(10, lengths), records(*[long] * 3)) == [[long] * 2, [long]]


def test_runs_of_each_pool_come_in_an_order_drawn_from_the_seed():
    pools = [records(*((1, n + place) for place in range(12))) for n in (20, 40)]

    def order(seed):
        runs = after(steps.cut_by_tokens(1, lengths, seed), *pools)
        return [target for ((_, target),) in runs]

    assert order(None) == [*range(20, 32), *range(40, 52)]
    assert order(1) == order(1) != order(2)
    assert order(1) != order(None)
    assert sorted(order(1)[:12]) == [*range(20, 32)], "pools stay apart"


def test_teacher_forcing_is_what_its_docstring_shows():
    rows = {"source": tf.constant([[7, 8], [9, PAD]]), "target": tf.constant([[5], [6]])}
    inputs, labels = steps.teacher_forced(rows)
    assert inputs["source"].numpy().tolist() == [[7, 8, END], [9, END, PAD]]
    assert inputs["target"].numpy().tolist() == [[START, 5], [START, 6]]
    assert labels.numpy().tolist() == [[5, END], [6, END]]


def test_teacher_forcing_marks_each_row_of_its_own_length():
    rows = {"source": tf.constant([[7], [8]]), "target": tf.constant([[4, 5, 6], [4, PAD, PAD]])}
    inputs, labels = steps.teacher_forced(rows)
    assert inputs["target"].numpy().tolist() == [[START, 4, 5, 6], [START, 4, PAD, PAD]]
    assert labels.numpy().tolist() == [[4, 5, 6, END], [4, END, PAD, PAD]]


def forced(rows):
    """Makes inputs of so many rows, and their labels."""
    sides = {"source": tf.constant([[7, 9]] * rows), "target": tf.constant([[5]] * rows)}
    return steps.teacher_forced(
        {name: tf.reshape(side, [rows, -1]) for name, side in sides.items()}
    )


def test_weights_are_1_at_real_labels_and_0_at_padding():
    labels = tf.constant([[5, END], [END, PAD]])
    weights = steps.padded({"source": labels, "target": labels}, labels)[2]
    assert weights.numpy().tolist() == [[1.0, 1.0], [1.0, 0.0]]
    assert weights.dtype == tf.float32


@pytest.mark.parametrize("replicas, rows", [(1, 3), (2, 4), (3, 3), (4, 4), (5, 5)])
def test_rows_of_padding_are_added_until_replicas_divide_them(replicas, rows):
    batch, labels, weights = steps.padded(*forced(3), replicas)
    assert {len(part) for part in (batch["source"], batch["target"], labels, weights)} == {rows}
    assert weights[:, 0].numpy().tolist() == [1.0] * 3 + [0.0] * (rows - 3)
    assert not np.any(batch["source"][3:])


@pytest.mark.parametrize("replicas", [1, 3])
def test_a_part_without_rows_becomes_rows_of_padding_for_each_replica(replicas):
    nothing = {"source": tf.zeros([0, 0], tf.int32), "target": tf.zeros([0, 0], tf.int32)}
    batch, labels, weights = steps.padded(*steps.teacher_forced(nothing), replicas)
    for part in (*batch.values(), labels, weights):
        assert part.shape == [replicas, 1] and not np.any(part)


def test_a_batch_is_made_of_a_part_of_the_rows_and_stands_where_the_run_stood():
    def parse(place, run):
        source, target = lengths(run)
        return {"source": source[:, None] + place, "target": target[:, None]}

    dataset = tf.data.Dataset.from_tensors((3, records((7, 4), (8, 5), (9, 6))))
    (batch,) = dataset.apply(steps.batched(parse, replicas=1, index=0, count=2))
    place, inputs, labels, _ = batch
    assert int(place) == 3
    assert inputs["source"].numpy().tolist() == [[10, END], [12, END]]
    assert labels.numpy().tolist() == [[4, END], [6, END]]
