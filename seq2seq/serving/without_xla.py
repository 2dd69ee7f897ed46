"""Forbids XLA in this process, as TensorFlow Serving does in its own."""

import ctypes
import importlib.util
from pathlib import Path

# tensorflow::DisableXlaCompilation(), which TensorFlow Serving's main() calls.
FUNCTION = "_ZN10tensorflow21DisableXlaCompilationEv"


def disable_xla() -> None:
    """Makes whatever needs XLA fail from now on, so that nothing works here alone."""
    found = importlib.util.find_spec("tensorflow")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent
    for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2"):
        library = ctypes.CDLL(str(folder / name))
        if hasattr(library, FUNCTION):
            getattr(library, FUNCTION)()
            return
