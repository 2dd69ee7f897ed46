"""All variables of a model and its optimizer in one file, bit for bit."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np


def write_variables(path: Path, variables: Sequence[keras.Variable]) -> None:
    """Writes the values of variables as `numpy.load` reads them, one after the other.

    The array of a variable is called by its number and its path, as "7 encoder/norm/gamma". The
    same values make the same file.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, variable in zip(_names(variables), variables):
            array = np.asarray(keras.ops.convert_to_tensor(variable))
            # Without a time of its own: numpy.savez writes the hour into the file.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_variables(path: Path, variables: Sequence[keras.Variable]) -> None:
    """Sets variables to what `write_variables` wrote.

    Raises:
        ValueError: it was written of other variables; the message names the first. Nothing is set.
    """
    with np.load(path, allow_pickle=False) as saved:
        arrays = {name: saved[name] for name in saved.files}
    difference = _difference(arrays, variables)
    if difference:
        raise ValueError(
            f"{path} was written by another model or optimizer ({difference}): "
            "train into a new folder"
        )
    for variable, array in zip(variables, arrays.values()):
        # NumPy does not know bfloat16 by name and gives back bare bytes.
        variable.assign(array if array.dtype.kind != "V" else array.view(variable.dtype))


def _names(variables: Sequence[keras.Variable]) -> list[str]:
    """Names variables by number and path, less what Keras numbers by what else a process made."""
    paths = [re.sub(r"_\d+(?=[_/]|$)", "", variable.path) for variable in variables]
    return [f"{number} {path}" for number, path in enumerate(paths)]


def _difference(arrays: dict[str, np.ndarray], variables: Sequence[keras.Variable]) -> str:
    """Says in what the first saved array that does not fit its variable differs from it."""
    for (name, array), own, variable in zip(arrays.items(), _names(variables), variables):
        shape = tuple(variable.shape)
        if (name, array.shape) != (own, shape) or not _holds(array, variable):
            return (
                f"its variable {name} is {array.dtype} {list(array.shape)}, "
                f"here {own} is {variable.dtype} {list(shape)}"
            )
    if len(arrays) != len(variables):
        return f"it has {len(arrays)} variables, here are {len(variables)}"
    return ""


def _holds(array: np.ndarray, variable: keras.Variable) -> bool:
    """Tells whether an array is of a variable's type, or its bare bytes."""
    wanted = np.dtype(variable.dtype)
    return array.dtype in (wanted, np.dtype(f"V{wanted.itemsize}"))
