"""The speed that matrix products reach on this machine."""

import itertools
import time

import tensorflow as tf

TIMES = 3, 20  # at least and at most
SECONDS = 2.0  # after which no more are made


def matrix_product_speed(dtype: str = "float32", side: int = 2048) -> float:
    """Measures products of [side, side] matrices -> floating-point operations a second.

    It is what a model's training can be compared with: hardly anything made of products is faster.
    The fastest of some counts, since what else the machine does can only make one slower.
    """
    left, right = (
        tf.cast(tf.random.stateless_normal([side, side], [seed, 0]), dtype) for seed in (1, 2)
    )

    def once() -> float:
        began = time.perf_counter()
        # Reading one number waits for the whole product, also where a GPU makes it.
        tf.matmul(left, right)[0, 0].numpy()
        return time.perf_counter() - began

    began = time.perf_counter()
    least, most = TIMES
    once()
    tired = lambda number: number >= least and time.perf_counter() - began > SECONDS
    seconds = [once() for _ in itertools.takewhile(lambda n: not tired(n), range(most))]
    return 2.0 * side**3 / min(seconds)
