"""What belongs to the rows of a batch, moved together."""

import keras
from keras import ops

from seq2seq.layers.gather import gather


def repeat_rows(rows, times: int):
    """Gives each sentence `times` rows, side by side: nested [B, ...] -> [B * times, ...]."""
    if times == 1:
        return rows
    return keras.tree.map_structure(lambda tensor: ops.repeat(tensor, times, axis=0), rows)


def take_rows(rows, index):
    """Reorders all that belongs to rows: nested [R, ...], index [N] -> nested [N, ...]."""
    return keras.tree.map_structure(lambda tensor: gather(tensor, index), rows)


def rows_of(sentences, times: int):
    """Names the rows of sentences [N] that have `times` each: [1], 2 -> [2, 3]."""
    return ops.reshape(sentences[:, None] * times + ops.arange(times), (-1,))


def rows_within(places, size: int):
    """Names the rows of places within sentences that have `size` each: [N, P] -> [N * P]."""
    first = ops.arange(ops.shape(places)[0])[:, None] * size
    return ops.reshape(first + places, (-1,))


def choose_rows(versions: list, place):
    """Takes each row from one of N versions of the same: nested [R, ...], place [R] from 0 on."""
    count = ops.shape(place)[0]
    index = place * count + ops.arange(count)
    return keras.tree.map_structure(
        lambda *tensors: gather(ops.concatenate(tensors, axis=0), index), *versions
    )
