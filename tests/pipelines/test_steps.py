"""Each step on its own: what its docstring shows, element by element."""

import numpy as np
import pytest
import tensorflow as tf

from pipelines import steps
from pipelines.records import parse, serialize
from pipelines.special_tokens import END, PAD, START


def pool(source, target, **more):
    """Makes a pool of rows, as `parsed` leaves it."""
    rows = {"source": source, "target": target, **more}
    return {
        name: tf.ragged.constant(lists, tf.int32, ragged_rank=1, row_splits_dtype=tf.int64)
        for name, lists in rows.items()
    }


def after(step, *pools):
    """Applies a step to a dataset of pools -> what it leaves, as lists and arrays."""
    # Pools differ in size, which from_tensors cannot say of several: each is a dataset.
    datasets = [tf.data.Dataset.from_tensors(one) for one in pools]
    whole = datasets[0]
    for dataset in datasets[1:]:
        whole = whole.concatenate(dataset)
    return list(whole.apply(step))


def lists(pool):
    return {name: rows.to_list() for name, rows in pool.items()}


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
    return steps.run_starts(tf.constant(lengths, tf.int64), tf.constant(budget, tf.int64))


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


def test_parsing_gives_back_the_rows_that_were_serialized():
    records = [serialize([7, 8], [5]), serialize([9], [6, 4, 6])]
    (parsed,) = tf.data.Dataset.from_tensors(records).apply(steps.parsed(parse))
    assert lists(parsed) == {"source": [[7, 8], [9]], "target": [[5], [6, 4, 6]]}
    assert {rows.dtype for rows in parsed.values()} == {tf.int32}


def test_teacher_forcing_is_what_its_docstring_shows():
    (forced,) = after(steps.teacher_forced(), pool([[7, 8]], [[5, 6]]))
    assert lists(forced) == {
        "source": [[7, 8, END]],
        "target": [[START, 5, 6]],
        "labels": [[5, 6, END]],
    }


def test_teacher_forcing_marks_each_row_of_its_own_length():
    (forced,) = after(steps.teacher_forced(), pool([[7], [8, 9]], [[4, 5, 6], [4]]))
    assert lists(forced) == {
        "source": [[7, END], [8, 9, END]],
        "target": [[START, 4, 5, 6], [START, 4]],
        "labels": [[4, 5, 6, END], [4, END]],
    }


def test_rows_are_sorted_by_target_then_source_length_and_stay_together():
    unsorted = pool([[1, 1, 1], [2], [3, 3], [4]], [[1, 1], [2, 2], [3], [4, 4]])
    (ordered,) = after(steps.sorted_by_length(), unsorted)
    assert lists(ordered) == {
        "source": [[3, 3], [2], [4], [1, 1, 1]],
        "target": [[3], [2, 2], [4, 4], [1, 1]],
    }


def test_runs_are_what_their_docstrings_show():
    assert list(run_starts([3, 4, 4, 5, 6], 12).numpy()) == [0, 3]
    lengths = [3, 4, 4, 5, 6]
    rows = [[length] * length for length in lengths]
    runs = after(steps.cut_by_tokens(12), pool(rows, rows))
    assert [lists(run)["target"] for run in runs] == [rows[:3], rows[3:]]


@pytest.mark.parametrize("ordered", [True, False])
def test_runs_begin_where_a_greedy_reader_begins_them(ordered):
    draw = np.random.default_rng(0)
    starts = tf.function(steps.run_starts, reduce_retracing=True)
    for _ in range(100):
        lengths = draw.integers(1, 20, draw.integers(1, 60))
        if ordered:
            lengths.sort()
        budget = int(draw.integers(1, 80))  # many rows alone are longer than that
        found = starts(tf.constant(lengths, tf.int64), tf.constant(budget, tf.int64))
        assert list(found.numpy()) == greedy(lengths.tolist(), budget)


def test_a_row_longer_than_the_budget_is_a_run_of_its_own():
    assert list(run_starts([2, 9, 2, 2, 9, 9], 4).numpy()) == [0, 1, 2, 4, 5]


def test_a_pool_of_one_row_is_one_run():
    (run,) = after(steps.cut_by_tokens(4, seed=1), pool([[1] * 9], [[2]]))
    assert lists(run) == {"source": [[1] * 9], "target": [[2]]}


def test_the_longer_side_counts():
    short, long = [[1]] * 3, [[1, 1, 1, 1]] * 3
    for source, target in ([short, long], [long, short]):
        runs = after(steps.cut_by_tokens(8), pool(source, target))
        assert [run["source"].nrows() for run in runs] == [2, 1]


def test_runs_of_each_pool_come_in_an_order_drawn_from_the_seed():
    pools = [pool([[n]] * 12, [[n + place] for place in range(12)]) for n in (20, 40)]

    def order(seed):
        runs = after(steps.cut_by_tokens(1, seed), *pools)
        return [int(run["target"].flat_values[0]) for run in runs]

    assert order(None) == [*range(20, 32), *range(40, 52)]
    assert order(1) == order(1) != order(2)
    assert order(1) != order(None)
    assert sorted(order(1)[:12]) == [*range(20, 32)], "pools stay apart"


def test_padding_and_weights_are_what_the_docstring_shows():
    rows = pool([[7, END], [8, 9, END]], [[START, 5], [START]], labels=[[5, END], [END]])
    ((batch, labels, weights),) = after(steps.padded(), rows)
    assert batch["source"].numpy().tolist() == [[7, END, PAD], [8, 9, END]]
    assert batch["target"].numpy().tolist() == [[START, 5], [START, PAD]]
    assert labels.numpy().tolist() == [[5, END], [END, PAD]]
    assert weights.numpy().tolist() == [[1.0, 1.0], [1.0, 0.0]]
    assert weights.dtype == tf.float32


@pytest.mark.parametrize("replicas, rows", [(1, 3), (2, 4), (3, 3), (4, 4), (5, 5)])
def test_rows_of_padding_are_added_until_replicas_divide_them(replicas, rows):
    three = pool([[7]] * 3, [[5]] * 3, labels=[[END]] * 3)
    ((batch, labels, weights),) = after(steps.padded(replicas), three)
    assert {len(part) for part in (batch["source"], batch["target"], labels, weights)} == {rows}
    assert weights[:, 0].numpy().tolist() == [1.0] * 3 + [0.0] * (rows - 3)
    assert not np.any(batch["source"][3:])
