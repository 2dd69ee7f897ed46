"""What gensim's `KeyedVectors.save` wrote, read without running anything that it names.

The file is a pickle, which may name any code. Here it may name but the vectors' own class, of which
only the attributes are taken, and what NumPy makes arrays with.
"""

import pickle
from pathlib import Path

import numpy as np

ARRAYS = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    **{
        (f"numpy.{core}.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0]
        for core in ("core", "_core")
    },
}


class Saved:
    """Stands for the class that a file names; holds what it says of one object."""


class _Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if module.startswith("gensim.models.") and name.endswith("KeyedVectors"):
            return Saved
        if (module, name) not in ARRAYS:
            raise ValueError(
                f"it holds a {module}.{name}, which is not read: save the vectors alone, "
                "model.wv.save(...), or model.wv.save_word2vec_format(...)"
            )
        return ARRAYS[module, name]


def read_saved(path: Path) -> tuple[list[str], np.ndarray]:
    """Reads the words and their vectors [N, D].

    Raises:
        ValueError: it is no whole file of `KeyedVectors.save`, or holds more than vectors.
    """
    try:
        with open(path, "rb") as file:
            kept = vars(_Reader(file, encoding="latin1").load())
        # Large arrays lie in files of their own.
        for name in kept.get("__numpys", []):
            kept[name] = np.load(f"{path}.{name}.npy", allow_pickle=False)
        return list(kept["index_to_key"]), np.asarray(kept["vectors"])
    except Exception as error:  # whatever a pickle may raise
        raise ValueError(f"{path} is not what gensim saves vectors as: {error}") from None
