"""The speed that matrix products reach on this machine."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from seq2seq.threads import batches_at_once

TIMES = 3, 20  # at least and at most
SECONDS = 2.0  # after which no more are made


def matrix_product_speed(dtype: str = "float32", side: int = 2048) -> float:
    """Measures products of [side, side] matrices -> floating-point operations a second.

    Where batches share the processors, as many products are made at once. It is what a model's
    training can be compared with: hardly anything made of products is faster. The fastest of some
    counts, since what else the machine does can only make one slower.
    """
    left, right = (
        tf.cast(tf.random.stateless_normal([side, side], [seed, 0]), dtype) for seed in (1, 2)
    )
    count = batches_at_once()
    # Reading one number waits for the whole product, also where a GPU makes it.
    product = lambda _: tf.matmul(left, right)[0, 0].numpy()

    def once(pool: ThreadPoolExecutor) -> float:
        began = time.perf_counter()
        list(pool.map(product, range(count)))
        return time.perf_counter() - began

    least, most = TIMES
    began = time.perf_counter()
    tired = lambda number: number >= least and time.perf_counter() - began > SECONDS
    with ThreadPoolExecutor(count) as pool:
        once(pool)
        seconds = [once(pool) for _ in itertools.takewhile(lambda n: not tired(n), range(most))]
    return count * 2.0 * side**3 / min(seconds)
