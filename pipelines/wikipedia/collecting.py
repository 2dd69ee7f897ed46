"""Leaves Python's search for cycles out where there are none."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Lets reference counts alone free what is made: looking for cycles took 4 ms a MB of XML."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
