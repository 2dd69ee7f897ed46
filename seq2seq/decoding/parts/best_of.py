"""The largest of many numbers, sooner than by sorting."""

from keras import ops

from seq2seq.layers.gather import gather

# How many neighbouring ids are looked at together: the first that divides the vocabulary, or 32.
WIDTHS = (32, *range(31, 15, -1), *range(33, 65))


def best_of(logits, count: int):
    """Finds the `count` largest of each row, largest first: [R, V] -> values, ids [R, count].

    They lie in the `count` groups of neighbours with the largest maxima. For 12 of [160, V] this
    takes 1.2 ms where top_k takes 2.6 (V = 8,000), and 3.1 for 17 (V = 32,000), on 2 cores.
    """
    size = logits.shape[-1]
    # Where the groups come out even, no part of the logits has to be copied.
    width = next((width for width in WIDTHS if size % width == 0), WIDTHS[0])
    groups = size // width
    if groups <= count:
        return ops.top_k(logits, count)
    even = logits if groups * width == size else logits[:, : groups * width]
    grouped = ops.reshape(even, (-1, groups, width))
    _, group = ops.top_k(ops.max(grouped, axis=-1), count)
    values = gather(ops.reshape(grouped, (-1, width)), rows_within(group, groups))
    ids = group[:, :, None] * width + ops.arange(width)
    flat = lambda tensor: ops.reshape(tensor, (-1, count * width))
    rest = ops.arange(groups * width, size) + ops.zeros_like(group[:, :1])
    ids = ops.concatenate([flat(ids), rest], axis=1)
    values, index = ops.top_k(
        ops.concatenate([flat(values), logits[:, groups * width :]], 1), count
    )
    places = count * width + size - groups * width
    return values, gather(ops.reshape(ids, (-1,)), rows_within(index, places))


def rows_within(index, size: int):
    """Turns places within sentences [B, N] into rows, where a sentence has `size` rows."""
    return ops.arange(ops.shape(index)[0])[:, None] * size + index
