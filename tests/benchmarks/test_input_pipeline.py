"""Reads a corpus and the same one many times longer, each in a process of its own."""

import itertools
import multiprocessing
import re
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from pipelines.batches import Batching, training_batches
from pipelines.records import write_records
from pipelines.tokenizers.bytes import Bytes
from pipelines.vocabulary import Tokenizers

pytestmark = pytest.mark.slow
PAIRS, REPEATS, BATCHES = 5000, 50, 3000  # so many batches are more than all of the long corpus


class Figures(NamedTuple):
    """Peak memory in MB after writing and after reading; target tokens read."""

    written: float
    read: float
    tokens: int
    seconds: float
    processor_seconds: float


def peak():
    """Returns the most memory this process has had, in MB.

    getrusage would also count what the process had that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def pairs(repeats):
    """Yields pairs of 1 to 40 letters, sides of similar length, all of them so many times."""
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, 40, PAIRS)
    texts = [("s" * (length + length % 3), "t" * length) for length in lengths]
    return itertools.chain.from_iterable(itertools.repeat(texts, repeats))


def measure(folder, repeats):
    """Writes records and reads batches of them."""
    records = write_records(pairs(repeats), Tokenizers(Bytes(), Bytes()), folder)
    written, tokens = peak(), 0
    stream = iter(training_batches(records, Batching(tokens=2048)))
    next(stream)
    began, processor = time.perf_counter(), time.process_time()
    for _, labels, _ in itertools.islice(stream, BATCHES):
        tokens += np.count_nonzero(labels)
    seconds = time.perf_counter() - began, time.process_time() - processor
    return Figures(written, peak(), tokens, *seconds)


def in_a_process_of_its_own(*arguments):
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(measure, arguments)


def test_a_longer_corpus_takes_no_more_memory(tmp_path):
    short = in_a_process_of_its_own(tmp_path / "short", 1)
    long = in_a_process_of_its_own(tmp_path / "long", REPEATS)
    for name, one in (("short", short), (f"{REPEATS} times longer", long)):
        print(
            f"\n{name}: {one.tokens / one.seconds:,.0f} target tokens a second, "
            f"{one.tokens / one.processor_seconds:,.0f} a second of a processor; peak "
            f"{one.written:.0f} MB writing, {one.read:.0f} MB in all",
            end="",
        )
    assert long.written <= 1.1 * short.written
    assert long.read <= 1.1 * short.read
