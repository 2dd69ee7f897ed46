"""A watch over the other workers: no one trains on when one is gone."""

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Iterator

import tensorflow as tf

from seq2seq.training.cluster import Cluster

EVERY = 5.0  # seconds between two looks at each worker
PATIENCE = 15.0  # seconds without an answer after which a worker is taken for dead
FAILED = 2  # exit status
AGAIN = (
    "training cannot go on without it: start all workers again with the same command, which goes "
    "on from the last checkpoint"
)
# What TensorFlow may say when a worker that it talks to is gone.
BROKEN = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
    tf.errors.UnknownError,
)


class PeerWatch:
    """Ends this process, or the operation that failed, when another worker does not answer.

    An operation that waits for a dead worker fails at once where the connection was broken, but
    waits for ever where nobody closed it: a machine lost its power, or the network its way.
    """

    def __init__(self, cluster: Cluster, every: float = EVERY, patience: float = PATIENCE):
        self.cluster = cluster
        self.every = every
        self.patience = patience
        self._over = threading.Event()
        # When each of the others answered last.
        self._answered = dict.fromkeys(cluster.others, time.monotonic())

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watches for as long as a block lasts.

        Raises:
            ConnectionError: an operation failed because a worker is dead.
        """
        threading.Thread(target=self._watch, name="peer watch", daemon=True).start()
        try:
            yield
        except BROKEN as error:
            self._over.set()
            # TensorFlow's own heartbeats find a worker that answers, but stands still.
            still = re.findall(r"/job:\S+", str(error).partition("(stopped sending heartbeats)")[2])
            if still:
                raise ConnectionError(f"{', '.join(still)} stands still, and {AGAIN}") from error
            if absent := self._absent():
                raise ConnectionError(self._said(absent)) from error
            raise
        finally:
            self._over.set()

    def _watch(self) -> None:
        """Looks at all others again and again, until one was silent for too long."""
        while not self._over.wait(self.every):
            absent = self._silent(self.patience)
            if absent and not self._over.is_set():
                print(f"seq2seq: error: {self._said(absent)}", file=sys.stderr, flush=True)
                # The thread that trains waits inside TensorFlow and hears no exception.
                os._exit(FAILED)

    def _absent(self) -> list[int]:
        """Waits for as long as a dead worker may take to be noticed -> those that are dead."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            if absent := self._silent(1.0):
                return absent
            time.sleep(0.5)
        return []

    def _silent(self, seconds: float) -> list[int]:
        """Looks at all others -> those that did not answer for so long."""
        for number in self._answered:
            if self.cluster.answers(number):
                self._answered[number] = time.monotonic()
        now = time.monotonic()
        return [number for number, then in self._answered.items() if now - then > seconds]

    def _said(self, absent: list[int]) -> str:
        seconds = time.monotonic() - min(self._answered[number] for number in absent)
        return f"{self.cluster.name(*absent)} last answered {seconds:.0f} seconds ago, and {AGAIN}"
