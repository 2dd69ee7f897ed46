"""Texts of like length answered together, and given back in order."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import tensorflow as tf

from seq2seq.threads import batches_at_once

# Sentences that are sorted together offline: enough for batches without padding, little memory.
WINDOW = 4096

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def answered(
    items: Iterable[Item],
    lengths: Callable[[list[Item]], np.ndarray],
    answer: Callable[[list[Item]], Sequence[Answer]],
    tokens: int,
    progress: Callable[[int], None],
) -> Iterator[Answer]:
    """Yields an answer for each item, in order, from batches of items of like length.

    Items are read in windows, so memory does not grow with their number.

    Args:
        lengths: items [N] -> the ids of the longest side of each, int [N].
        answer: a batch of items -> as many answers.
        tokens: the most of items times the longest in a batch.
        progress: is told after each batch how many answers it gave.

    Raises:
        ValueError: the items are one string, whose letters would be taken for texts.
    """
    for window in windows(items):
        found: list[Answer | None] = [None] * len(window)
        cut = list(batches(lengths(window), tokens))
        texts = ([window[place] for place in places] for places in cut)
        for places, answers in zip(cut, _several(answer, texts)):
            for place, one in zip(places, answers, strict=True):
                found[place] = one
            progress(len(places))
        yield from found  # type: ignore[misc]


def _several(
    answer: Callable[[list[Item]], Sequence[Answer]], texts: Iterable[list[Item]]
) -> Iterator[Sequence[Answer]]:
    """Yields the answers of batches in order; where it is worth it, several are made at once."""
    count = batches_at_once()
    if count == 1:
        yield from map(answer, texts)
        return
    with ThreadPoolExecutor(count) as pool:
        waiting = [pool.submit(answer, batch) for batch in texts]
        try:
            yield from (one.result() for one in waiting)
        finally:
            for one in waiting:
                one.cancel()


def batches(lengths: np.ndarray, tokens: int) -> Iterator[np.ndarray]:
    """Sorts lengths [N] into batches within `tokens`, longest first: places in [N]."""
    order = np.argsort(-lengths, kind="stable")
    while order.size:
        count = max(1, tokens // lengths[order[0]])
        yield order[:count]
        order = order[count:]


def windows(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yields lists of at most WINDOW items.

    Raises:
        ValueError: the items are the letters of one string.
    """
    if isinstance(items, str):
        raise ValueError(f"texts must be several, got one string: give [{items[:40]!r}]")
    items = iter(items)
    while window := list(itertools.islice(items, WINDOW)):
        yield window


def paired(sources: Iterable[str], targets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields a source and its target.

    Raises:
        ValueError: there are more of the one than of the other.
    """
    for number, (source, target) in enumerate(itertools.zip_longest(sources, targets), start=1):
        if source is None or target is None:
            side = "source" if source is None else "target"
            raise ValueError(f"sources and targets must be as many: there is no {side} {number}")
        yield source, target


def encoded(texts: Sequence[str]) -> tf.Tensor:
    """Makes string [B] of str; halves of surrogate pairs, which UTF-8 cannot say, become "?"."""
    return tf.constant([text.encode(errors="replace") for text in texts], tf.string, [len(texts)])
