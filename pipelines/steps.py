"""The steps from tokenized records to padded batches: each takes a dataset and returns one.

Examples travel in pools, so that a step handles thousands of rows with a few ops. `batches.py`
puts the steps in order.
"""

import tensorflow as tf

from pipelines.special_tokens import END, PAD, START


def interleaved():
    """Reads TFRecord files by name, four at a time: names -> serialized records."""
    return lambda files: files.interleave(tf.data.TFRecordDataset, cycle_length=4, block_length=16)


def shuffled(buffer, seed):
    """Shuffles elements within a buffer, by `seed` (an int64 tensor)."""
    return lambda dataset: dataset.shuffle(buffer, seed=seed)


def pooled(rows):
    """Gathers `rows` elements into one."""
    return lambda dataset: dataset.batch(rows)


def parsed(parse):
    """Parses pools of records [N] -> {"source": [N, (S)], "target": [N, (T)]}, ragged."""
    return lambda dataset: dataset.map(parse, tf.data.AUTOTUNE)


def teacher_forced():
    """{"source": [[7, 8]], "target": [[5, 6]]} ->
    {"source": [[7, 8, END]], "target": [[START, 5, 6]], "labels": [[5, 6, END]]}."""

    def split(pool):
        mark = lambda token: tf.fill([pool["source"].nrows(), 1], token)
        return {
            "source": tf.concat([pool["source"], mark(END)], axis=1),
            "target": tf.concat([mark(START), pool["target"]], axis=1),
            "labels": tf.concat([pool["target"], mark(END)], axis=1),
        }

    return lambda dataset: dataset.map(split, tf.data.AUTOTUNE)


def sorted_by_length():
    """Orders the rows of each pool by target length, rows of one target length by source length."""

    def order(pool):
        source, target = pool["source"].row_lengths(), pool["target"].row_lengths()
        place = tf.argsort(target * (tf.reduce_max(source) + 1) + source, stable=True)
        return {name: tf.gather(rows, place) for name, rows in pool.items()}

    return lambda dataset: dataset.map(order, tf.data.AUTOTUNE)


def cut_by_tokens(tokens, seed=None):
    """Cuts each sorted pool into runs whose rows times longest side are at most `tokens`.

    With tokens = 12, rows of lengths 3, 4, 4, 5 and 6 -> three, then two. The runs come in an
    order drawn from `seed`, or as they are. A row longer than `tokens` is a run of its own.
    """

    def runs(pool):
        lengths = tf.maximum(pool["source"].row_lengths(), pool["target"].row_lengths())
        starts = run_starts(lengths, tf.cast(tokens, tf.int64))
        ends = tf.concat([starts[1:], [tf.size(lengths, tf.int64)]], axis=0)
        spans = tf.data.Dataset.from_tensor_slices((starts, ends))
        if seed is not None:
            spans = spans.shuffle(tf.size(starts, tf.int64), seed=seed)
        return spans.map(lambda start, end: {name: rows[start:end] for name, rows in pool.items()})

    return lambda dataset: dataset.flat_map(runs)


def run_starts(lengths, tokens):
    """Says where runs begin: lengths [3, 4, 4, 5, 6] and 12 tokens -> [0, 3]."""

    def extend(run, length):
        rows, longest, number = run
        longest = tf.maximum(longest, length)
        full = (rows + 1) * longest > tokens
        fits = (rows + 1, longest, number)
        opens = (one, length, number + 1)
        return tuple(tf.where(full, new, old) for new, old in zip(opens, fits))

    zero, one = tf.constant(0, tf.int64), tf.constant(1, tf.int64)
    # The first row is counted as one over from an empty run -1, so that runs are numbered from 0.
    first = (tokens, zero, zero - 1)
    _, _, numbers = tf.scan(extend, lengths, first)
    return tf.where(tf.concat([[True], numbers[1:] > numbers[:-1]], axis=0))[:, 0]


def padded(replicas=1):
    """Pads ragged rows -> ({"source": [B, S], "target": [B, T]}, labels [B, T], weights [B, T]).

    Weights are 1 at real labels and 0 at padding. Rows of padding are added until B divides by
    `replicas`; they weigh nothing.
    """

    def pad(rows):
        missing = -rows["source"].nrows() % replicas
        even = {
            name: tf.pad(ragged.to_tensor(), [[0, missing], [0, 0]])
            for name, ragged in rows.items()
        }
        labels = even.pop("labels")
        return even, labels, tf.cast(labels != PAD, tf.float32)

    return lambda dataset: dataset.map(pad, tf.data.AUTOTUNE)
