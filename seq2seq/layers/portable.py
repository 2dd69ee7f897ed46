"""Tells layers that a graph is traced for other engines, which lack some of TensorFlow's ops."""

import contextlib
import contextvars
from collections.abc import Iterator

_PORTABLE = contextvars.ContextVar("portable", default=False)


@contextlib.contextmanager
def portable() -> Iterator[None]:
    """Has what is traced keep to operations that LiteRT and ONNX Runtime have too.

    Caches then come without room: what is new is put behind all entries, and they grow.
    """
    before = _PORTABLE.set(True)
    try:
        yield
    finally:
        _PORTABLE.reset(before)


def is_portable() -> bool:
    """Says whether a step is traced inside `portable`."""
    return _PORTABLE.get()
