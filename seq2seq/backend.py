"""Makes sure that Keras runs on TensorFlow."""

import os
import sys
from pathlib import Path


def check_backend() -> None:
    """Chooses TensorFlow for Keras, which decides once, when it is imported.

    Raises:
        ImportError: KERAS_BACKEND or TF_USE_LEGACY_KERAS ask for something else, or Keras was
            imported before with another backend. The programs `seq2seq` and `python -m seq2seq`
            print the same line instead and exit with status 2.
    """
    fault = _fault()
    if fault is None:
        # Said aloud, since the user's ~/.keras/keras.json may name another backend.
        os.environ["KERAS_BACKEND"] = "tensorflow"
    elif _is_program():
        print(f"seq2seq: error: {fault}", file=sys.stderr)
        raise SystemExit(2)
    else:
        raise ImportError(fault)


def _fault() -> str | None:
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in ("", "tensorflow"):
        return f"KERAS_BACKEND is {backend!r}, seq2seq needs 'tensorflow': unset KERAS_BACKEND"
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "")
    if legacy.lower() not in ("", "0", "false"):
        return (
            f"TF_USE_LEGACY_KERAS is {legacy!r}, seq2seq needs Keras 3: unset TF_USE_LEGACY_KERAS"
        )
    config = getattr(sys.modules.get("keras"), "config", None)
    if config is not None and config.backend() != "tensorflow":
        return (
            f"Keras was imported with backend {config.backend()!r}, seq2seq needs 'tensorflow': "
            "import seq2seq first, or set KERAS_BACKEND=tensorflow"
        )
    return None


def _is_program() -> bool:
    # While `python -m seq2seq` looks for the module, and so imports this package, argv[0] is "-m".
    return Path(sys.argv[0]).stem in ("-m", "seq2seq")
