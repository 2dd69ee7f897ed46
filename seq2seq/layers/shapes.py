"""Shapes that a graph does not compute where it need not."""

from keras import ops


def reshape(tensor, shape):
    """Reshapes as `ops.reshape`; the one size that is unknown while tracing, if it is one, is -1.

    What computes a size otherwise (the tensor's shape, a slice of it, and all sizes packed) are
    operations at each step of a search, which cost as much as a small product.
    """
    unknown = [axis for axis, size in enumerate(shape) if not isinstance(size, int)]
    if len(unknown) == 1 and min(size for size in shape if isinstance(size, int)) > 0:
        shape = tuple(-1 if axis in unknown else size for axis, size in enumerate(shape))
    return ops.reshape(tensor, shape)
