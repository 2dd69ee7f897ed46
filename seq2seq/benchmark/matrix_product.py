"""The speed that matrix products reach on this machine."""

import statistics
import time

import tensorflow as tf

TIMES = 5


def matrix_product_speed(dtype: str = "float32", side: int = 2048) -> float:
    """Measures products of [side, side] matrices -> floating-point operations a second, median.

    It is what a model's training can be compared with: nothing made of products is faster.
    """
    left, right = (
        tf.cast(tf.random.stateless_normal([side, side], [seed, 0]), dtype) for seed in (1, 2)
    )

    def once() -> float:
        began = time.perf_counter()
        # Reading one number waits for the whole product, also where a GPU makes it.
        tf.matmul(left, right)[0, 0].numpy()
        return time.perf_counter() - began

    once()
    return 2.0 * side**3 / statistics.median(once() for _ in range(TIMES))
