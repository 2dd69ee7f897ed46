"""Loads TensorFlow quietly, for the programs of both packages."""

import os
import sys


def load_tensorflow() -> None:
    """Imports TensorFlow without its notices, unless TF_CPP_MIN_LOG_LEVEL asks for them."""
    if (
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "3"
        or "tensorflow_text" in sys.modules
    ):
        return
    # While it loads, TensorFlow writes past that setting and past sys.stderr, to the descriptor.
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import tensorflow  # noqa: F401
        import tensorflow_text  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
