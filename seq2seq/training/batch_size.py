"""Finds the size of a batch that fits into memory and is fastest."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import tensorflow as tf

from seq2seq.training.memory import machine_memory, peak_process_memory
from seq2seq.training.random_batches import random_batches

SMALLEST, LARGEST = 512, 65536  # tokens
GAIN = 1.05  # how much faster a size must be than all before it, for its double to be tried
TIMED = 3  # updates
# What a processor's memory may be filled to: the input pipeline and other programs need some, and
# beyond it there is no error to catch, but the end of the process.
SHARE = 0.6


class Trial(NamedTuple):
    """What was measured of batches of so many tokens; speed 0 stands for: does not fit."""

    tokens: int
    target_tokens_a_second: float
    peak_memory_bytes: int = 0


def tried(measure: Callable[[int], float], largest: int = LARGEST) -> Iterator[Trial]:
    """Tries 512, 1024, 2048 ... tokens, until one does not fit or is no faster than those before.

    Args:
        measure: tokens -> speed; raises MemoryError or TensorFlow's ResourceExhaustedError.
        largest: no more tokens than this are tried.
    """
    best, tokens = 0.0, min(SMALLEST, largest)
    while tokens <= largest:
        try:
            speed = measure(tokens)
        except (MemoryError, tf.errors.ResourceExhaustedError):
            speed = 0.0
        yield Trial(tokens, speed, peak_process_memory())
        if speed <= GAIN * best:
            return
        best, tokens = speed, 2 * tokens


def fastest(trials: Sequence[Trial]) -> int:
    """Returns the tokens of the fastest trial, the larger of equals.

    Raises:
        ValueError: no size fits.
    """
    best = max(trials, key=lambda trial: (trial.target_tokens_a_second, trial.tokens), default=None)
    if best is None or not best.target_tokens_a_second:
        raise ValueError(
            f"not even a batch of {SMALLEST} tokens fits into memory: make the model or its "
            "[limits] smaller, or set model.recompute"
        )
    return best.tokens


def find_batch_size(try_here: Callable[[], Iterator[Trial]], asked: list[str]) -> dict:
    """Tries sizes -> {"tokens": the fastest, "tried": all}, and says so on standard error.

    On processors a program of its own does, `seq2seq` with the arguments `asked`, since want of
    memory would end it. On GPUs this process does, by `try_here`: it holds their memory already,
    and want of that is an error to be caught.

    Raises:
        ValueError: no size fits, or the program failed.
    """
    print("finding the fastest size of batches that fits", file=sys.stderr)
    on_gpu = tf.config.list_physical_devices("GPU")
    trials = list(try_here()) if on_gpu else read_trials([sys.executable, "-m", "seq2seq", *asked])
    told = [f"{tokens:,}: {speed:,.0f}" for tokens, speed, _ in trials]
    tokens = fastest(trials)
    said = f"batches.tokens = {tokens}; target tokens a second by size: {', '.join(told)}"
    print(said, file=sys.stderr)
    return {"tokens": tokens, "tried": [trial._asdict() for trial in trials]}


def read_trials(command: list[str]) -> list[Trial]:
    """Reads the trials that a program prints, a line of JSON each.

    The size at which the system kills the program, for want of memory, is one that does not fit.

    Raises:
        ValueError: the program failed otherwise; it has said why.
    """
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=here) as program:
        assert program.stdout is not None
        trials = [Trial(**json.loads(line)) for line in program.stdout]
    if program.returncode > 0:
        raise ValueError("the size of batches could not be found: give batches.tokens a number")
    return trials


class BatchTimer:
    """Times updates with random ids: tokens -> target tokens a second.

    Args:
        trainer: whose weights the updates change.
        sizes: of the vocabularies of source and target.
        longest: tokens of source and target that a row may have; rows of these must fit.
        typical: those that rows have on average; speed is measured with these.
        accumulate: batches in an update.
    """

    def __init__(self, trainer, sizes, longest, typical, accumulate: int = 1):
        self.trainer = trainer
        self.sizes = sizes
        self.longest = longest
        self.typical = typical
        self.accumulate = accumulate
        self.before = peak_process_memory()
        self.on_processor = not tf.config.list_logical_devices("GPU")

    def __call__(self, tokens: int) -> float:
        """Measures batches of so many tokens.

        Raises:
            MemoryError, tf.errors.ResourceExhaustedError: they do not fit into memory.
        """
        # Sizes double, and so does what they take.
        self._require(2 * peak_process_memory() - self.before)
        self._update(tokens, self.longest)
        self._update(tokens, self.typical)
        # What else the machine does can only make an update slower.
        speed = max(self._update(tokens, self.typical) for _ in range(TIMED))
        self._require(peak_process_memory())
        return speed

    def _require(self, memory: int):
        if self.on_processor and memory > SHARE * machine_memory():
            raise MemoryError

    def _update(self, tokens: int, lengths: tuple[int, int]) -> float:
        """Makes an update with rows of these lengths -> its target tokens a second."""
        rows = max(1, tokens // max(lengths))
        replicas = self.trainer.strategy.num_replicas_in_sync
        stream = random_batches(self.sizes, rows, *lengths, replicas)
        batches = [next(stream)[1:] for _ in range(self.accumulate)]
        began = time.perf_counter()
        told = self.trainer.update(batches)
        return told.tokens / (time.perf_counter() - began)
