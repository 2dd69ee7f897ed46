"""The floating-point operations that a model needs, padding not counted."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

# (source tokens, target tokens) of the rows that are tried: more than there are coefficients.
TRIED = ((3, 3), (4, 3), (3, 4), (5, 3), (4, 4), (3, 5), (6, 5), (5, 6))

# Forward once, backward twice: a product's gradient is one product for each of its two sides.
# Chowdhery et al. (2022), appendix B, count training so.
PASSES = 3


class ModelFlops:
    """Counts what a model's matrix products take for rows of any lengths.

    A row of S source and T target tokens takes a + b S + c T + d SS + e ST + f TT operations:
    layers grow with the lengths, attention with their products. The six numbers are found by
    calling the model, eagerly, on single rows of a few lengths and looking at each product it
    makes. So any model is counted that is made of layers and attention, loops included. An
    addition and a multiplication are two operations; all else (norms, softmax, dropout) is not
    counted, as is usual.
    """

    def __init__(self, model):
        counts = [forward_flops(model, *lengths) for lengths in TRIED]
        terms = _terms(*np.array(TRIED).T)
        self.coefficients, *_ = np.linalg.lstsq(terms, np.array(counts, float), rcond=None)

    def forward(self, source, target) -> float:
        """Returns the operations of rows with so many tokens: source [R], target [R] -> sum.

        Rows of padding, which have no tokens, take none.
        """
        source, target = (np.asarray(lengths, float) for lengths in (source, target))
        return float(np.sum(_terms(source, target) @ self.coefficients * (source + target > 0)))

    def training(self, source, target) -> float:
        """Returns the operations of an update with these rows: three times `forward`."""
        return PASSES * self.forward(source, target)


def _terms(source, target):
    """Makes the powers of lengths [R], [R] -> [R, 6]."""
    ones = np.ones_like(source)
    powers = [ones, source, target, source * source, source * target, target * target]
    return np.stack(powers, axis=-1).astype(float)


def forward_flops(model, source: int, target: int) -> int:
    """Counts the operations in the products of one row of so many tokens, as the model runs."""
    ids = lambda length: tf.ones([1, length], tf.int32)
    with _products() as counted:
        model({"source": ids(source), "target": ids(target)}, training=False)
    return sum(counted)


@contextmanager
def _products() -> Iterator[list[int]]:
    """Lists the operations of each product that is made meanwhile."""
    counted: list[int] = []

    def look(kind, inputs, attributes, outputs, op_name=None, graph=None):
        if kind in COUNTED:
            given = dict(zip(attributes[::2], attributes[1::2]))
            shapes = [tuple(tensor.shape) for tensor in inputs]
            counted.append(COUNTED[kind](given, shapes, tuple(outputs[0].shape)))

    # Functions that were traced before would hide what they do.
    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(look)
    try:
        yield counted
    finally:
        op_callbacks.remove_op_callback(look)
        tf.config.run_functions_eagerly(eager)


def _matmul(attributes, shapes, output) -> int:
    """[M, K] x [K, N] -> 2 M K N."""
    return 2 * math.prod(output) * shapes[0][0 if attributes.get("transpose_a") else 1]


def _batch_matmul(attributes, shapes, output) -> int:
    """[..., M, K] x [..., K, N] -> 2 ... M K N."""
    return 2 * math.prod(output) * shapes[0][-2 if attributes.get("adj_x") else -1]


def _einsum(attributes, shapes, output) -> int:
    """ "bsm,mn->bsn" -> 2 B S N M: each number put out is a sum over what is not put out."""
    terms, _, kept = attributes["equation"].partition("->")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms.split(","), shapes):
        before, _, after = term.partition("...")
        sizes |= dict(zip(before, shape))
        sizes |= dict(zip(reversed(after), reversed(shape)))
    summed = [size for label, size in sizes.items() if label not in kept]
    return 2 * math.prod(output) * math.prod(summed)


COUNTED = {
    "MatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "BatchMatMulV3": _batch_matmul,
    "Einsum": _einsum,
}
