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


def as_rows(tensor):
    """Lets the vectors of [..., M] stand as rows: [R, M], as it is where they do."""
    return tensor if len(tensor.shape) == 2 else ops.reshape(tensor, (-1, tensor.shape[-1]))


def rows_like(rows, tensor):
    """Lets rows [R, N] stand as the vectors of [..., M] do that they were made of: [..., N]."""
    if len(tensor.shape) == 2:
        return rows
    return reshape(rows, (*ops.shape(tensor)[:-1], rows.shape[-1]))
