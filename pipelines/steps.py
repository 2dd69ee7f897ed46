"""The steps from tokenized records to padded batches: each takes a dataset and returns one.

Records travel in pools, so that a step handles thousands of rows with a few ops, and as the strings
they were read as, until batches are made of them. `batches.py` puts the steps in order.
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


def sorted_by_length(lengths):
    """Orders the records of each pool by target length, those of one target length by source's.

    Sources of odd targets grow, those of even ones shrink: (target, source) = (1, 3), (2, 3),
    (2, 1), (3, 1), (3, 3). So a run that goes on into the next target length meets sources like
    its own.

    Args:
        lengths: serialized [N] -> source lengths [N], target lengths [N].
    """

    def order(pool):
        source, target = (tf.cast(side, tf.int64) for side in lengths(pool))
        most = tf.reduce_max(source) + 1
        place = tf.where(target % 2 == 1, source, most - source)
        return tf.gather(pool, tf.argsort(target * (most + 1) + place, stable=True))

    return lambda dataset: dataset.map(order)


def cut_by_tokens(tokens, lengths, seed=None):
    """Cuts each sorted pool into runs whose rows times longest side are at most `tokens`.

    With tokens = 15, rows of 2, 3, 3, 4 and 5 tokens and their mark -> three, then two. The runs
    come in an order drawn from `seed`, or as they are. A row longer than `tokens` is a run of its
    own.

    Args:
        lengths: serialized [N] -> source lengths [N], target lengths [N], marks not counted.
    """

    def runs(pool):
        starts = run_starts(tf.maximum(*lengths(pool)) + 1, tokens)
        ends = tf.concat([starts[1:], [tf.size(pool)]], axis=0)
        spans = tf.data.Dataset.from_tensor_slices((starts, ends))
        if seed is not None:
            spans = spans.shuffle(tf.size(starts, tf.int64), seed=seed)
        return spans.map(lambda start, end: pool[start:end])

    return lambda dataset: dataset.flat_map(runs)


def run_starts(lengths, tokens):
    """Says where runs begin: lengths [3, 4, 4, 5, 6], int32, and 12 tokens -> [0, 3]."""
    ends = run_ends(lengths, tokens)

    def follow(start, number, starts):
        return ends[start], number + 1, starts.write(number, start)

    starts = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=[])
    inside = lambda start, *_: start < tf.size(lengths)
    return tf.while_loop(inside, follow, (0, 0, starts))[2].stack()


def run_ends(lengths, tokens):
    """Says where a run that begins at each row would end: [3, 4, 4, 5, 6], 12 -> [3, 3, 4, 5, 5].

    All rows at once: each run tries to grow by half of the most rows there may be, then by a
    quarter, and so on. (Going through 16384 rows one by one took 30 times as long.)
    """
    never = tokens + 1  # a row of such a length does not fit; one stands past the end
    longest = [tf.concat([lengths, [never]], axis=0)]  # of 1 row, of 2, of 4 ... from each place
    for power in range(tokens.bit_length() - 1):
        one = longest[-1]
        beyond = tf.fill([tf.minimum(2**power, tf.size(one))], never)
        longest.append(tf.maximum(one, tf.concat([one[2**power :], beyond], axis=0)))
    starts = tf.range(tf.size(lengths))
    ends = starts + 1
    for power, ahead in reversed(list(enumerate(longest))):
        longer = tf.maximum(lengths, tf.gather(ahead, ends))
        # Compared by division: the product of a length and the rows may pass 32 bits.
        fits = ends + 2**power - starts <= tokens // longer
        ends, lengths = tf.where(fits, ends + 2**power, ends), tf.where(fits, longer, lengths)
    return ends


def batched(parse, replicas=1, index=0, count=1):
    """Makes a batch of rows `index::count` of each run; what stands before the run stays there.

    (position, run [R]) -> (position, {"source": [B, S], "target": [B, T]}, labels [B, T], weights
    [B, T]): see `teacher_forced` and `padded`.

    Args:
        parse: what stands before, serialized [R] -> {"source": [R, S], "target": [R, T]}. A row
            must not depend on those beside it.
    """

    def make(*element):
        *before, run = element
        inputs, labels = teacher_forced(parse(*before, run[index::count]))
        return *before, *padded(inputs, labels, replicas)

    return lambda dataset: dataset.map(make, tf.data.AUTOTUNE)


def teacher_forced(rows):
    """{"source": [[7, 8], [9, PAD]], "target": [[5], [6]]} ->
    ({"source": [[7, 8, END], [9, END, PAD]], "target": [[START, 5], [START, 6]]},
    [[5, END], [6, END]])."""
    start = tf.fill([tf.shape(rows["target"])[0], 1], START)
    target = tf.concat([start, rows["target"]], axis=1)
    return {"source": _ended(rows["source"]), "target": target}, _ended(rows["target"])


def _ended(rows):
    """[[7, 8], [9, PAD]] -> [[7, 8, END], [9, END, PAD]]."""
    lengths = tf.math.count_nonzero(rows, axis=1, dtype=tf.int32)
    end = tf.one_hot(lengths, tf.shape(rows)[1] + 1, END, PAD, dtype=tf.int32)
    return tf.pad(rows, [[0, 0], [0, 1]]) + end


def padded(inputs, labels, replicas=1):
    """Adds weights [B, T], 1 at real labels and 0 at padding, and rows of padding, which weigh
    nothing, until there are rows and `replicas` divides them."""
    rows = tf.shape(labels)[0]
    missing = tf.maximum(-rows % replicas, replicas - rows)
    pad = lambda part: tf.pad(part, [[0, missing], [0, 0]])
    labels = pad(labels)
    weights = tf.cast(labels != PAD, tf.float32)
    return {name: pad(side) for name, side in inputs.items()}, labels, weights
