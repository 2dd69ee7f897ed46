"""The weights of a model in a file, as Keras writes them, also when the disk is full."""

import io
from pathlib import Path

import keras


def write_weights(model: keras.Model, path: Path) -> None:
    """Writes what `model.load_weights` reads.

    HDF5 kills the process where the disk is full when it closes a file (a segmentation fault in
    h5py 3.14): it writes to memory here, and Python to the disk.

    Raises:
        OSError: the file could not be written.
    """
    memory = _Memory()
    model.save_weights(memory)
    path.write_bytes(memory.getbuffer())


class _Memory(io.BytesIO):
    """A file in memory, under the kind of name that Keras asks for."""

    def __str__(self):
        return ".weights.h5"
