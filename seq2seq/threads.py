"""How processors are shared: between batches, rather than between the parts of one operation.

A search is a long row of small operations, which gain little from a second thread and wait for
each other. Measured on 2 cores, beam 5 over 1,000 sentences of Multi30k by a Transformer of 3 + 3
layers, 256 wide: 7.9 s with both threads in each operation, 5.6 s with two batches at once on a
thread each.
"""

import contextlib
import os

import tensorflow as tf


def share_between_batches(threads: int = 1) -> int:
    """Gives an operation so many threads, for as many batches at once as there are processors.

    TensorFlow stays as it is where it has computed something already, and where there is a GPU,
    which one batch fills.

    Returns:
        How many batches to run at once.
    """
    if not tf.config.list_physical_devices("GPU"):
        batches = max(1, len(os.sched_getaffinity(0)) // threads)
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(batches)
    return batches_at_once()


def batches_at_once() -> int:
    """Says how many batches are worth running at once, as `share_between_batches` left it."""
    if tf.config.threading.get_intra_op_parallelism_threads():
        return max(1, tf.config.threading.get_inter_op_parallelism_threads())
    return 1


def threads_of_a_batch() -> int:
    """Says how many threads another engine may give each of the batches that run at once."""
    return max(1, len(os.sched_getaffinity(0)) // batches_at_once())
