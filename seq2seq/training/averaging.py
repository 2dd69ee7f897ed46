"""Weights averaged over checkpoints: Vaswani et al. (2017), section 6.1, took the last 5 or 20."""

import contextlib
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from seq2seq.training.checkpoints import NAME, WEIGHTS, Checkpoints
from seq2seq.training.sealed_folder import writing_folder

STEPS = "averaged.json"


def average(checkpoints: Checkpoints, steps: Sequence[int], name: str = "averaged") -> Path:
    """Averages the weights of steps into a folder beside theirs, and returns its path.

    `Checkpoints.path` finds it by its name. No model is made: weights are matched by where they
    stand in the files. `averaged.json` in the folder tells the steps.

    Raises:
        ValueError: fewer than 2 steps, an unknown one, weights of different models, or a name that
            another checkpoint has.
    """
    if not re.fullmatch(NAME, name) or name[0].isdecimal() or name in ("best", "last"):
        raise ValueError(f"an average cannot be called {name!r}: begin with a letter, as averaged")
    steps = sorted(set(steps))
    if len(steps) < 2:
        raise ValueError(f"an average takes 2 checkpoints or more, not {len(steps)}: {steps}")
    paths = [checkpoints.path(str(step)) / WEIGHTS for step in steps]
    with writing_folder(checkpoints.folder / name) as folder:
        (folder / WEIGHTS).write_bytes(_averaged(paths))
        (folder / STEPS).write_text(json.dumps({"steps": steps}) + "\n", encoding="utf-8")
    return checkpoints.folder / name


def choose(
    checkpoints: Checkpoints, last: int | None, best: int | None, steps: Sequence[int] = ()
) -> list[int]:
    """Returns the `last` newest steps, the `best` best, or those given; by default all there are.

    Raises:
        ValueError: more than one of these, or fewer checkpoints than asked for.
    """
    if sum((last is not None, best is not None, bool(steps))) > 1:
        raise ValueError("--last, --best and --checkpoint are three ways to say it: give one")
    if steps:
        return list(steps)
    there = checkpoints.newest(len(checkpoints.steps()))
    if last is None and best is None:
        return there
    if best is not None:
        there = checkpoints.leading(len(there))
    count = last if best is None else best
    if not count or not 2 <= count <= len(there):
        known = ", ".join(map(str, sorted(there))) or "none"
        kind = "whole" if best is None else f"measured by {checkpoints.metric}"
        raise ValueError(
            f"{count} checkpoints cannot be averaged: choose 2 or more of those that are {kind} "
            f"({known}); a recipe's training.keep_last and keep_best say how many are kept"
        )
    return there[:count]


def _averaged(paths: Sequence[Path]) -> memoryview:
    """Returns the bytes of a file with the means of the weights in files, summed in float64."""
    # In memory: HDF5 does not survive a disk that is full.
    memory = io.BytesIO(paths[-1].read_bytes())
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(h5py.File(path, "r")) for path in paths]
        found = [_shapes(file) for file in files]
        for path, shapes in zip(paths, found):
            _require_same(paths[-1], found[-1], path, shapes)
        mean = stack.enter_context(h5py.File(memory, "r+"))
        for name in found[-1]:
            mean[name][...] = _mean([file[name] for file in files])
    return memory.getbuffer()


def _mean(arrays: Sequence[h5py.Dataset]) -> np.ndarray:
    """Averages arrays of fractions; counters and random states have no mean but where equal.

    Raises:
        ValueError: they cannot be averaged, or their mean is not finite.
    """
    name, kind = arrays[0].name, arrays[0].dtype
    if kind.kind != "f":
        if any((array[...] != arrays[0][...]).any() for array in arrays):
            raise ValueError(f"{name} is of type {kind} and differs: it cannot be averaged")
        return arrays[0][...]
    total = np.zeros(arrays[0].shape, np.float64)
    for array in arrays:
        total += array[...]
    if not np.isfinite(total).all():
        raise ValueError(f"{name} holds weights that are not finite: choose other checkpoints")
    return (total / len(arrays)).astype(kind)


def _shapes(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each dataset of a file, by its name."""
    shapes: dict[str, tuple[int, ...]] = {}

    def visit(name, entry):
        if isinstance(entry, h5py.Dataset):
            shapes[name] = entry.shape

    file.visititems(visit)
    return shapes


def _require_same(path: Path, shapes: dict, other: Path, others: dict) -> None:
    """Checks that two files hold the same weights.

    Raises:
        ValueError: they do not; the message names the first difference.
    """
    for name in sorted(shapes.keys() | others.keys()):
        if shapes.get(name) != others.get(name):
            told = [
                f"{list(found[name])} in {place}" if name in found else f"missing in {place}"
                for place, found in ((path, shapes), (other, others))
            ]
            raise ValueError(f"weights of different models: {name} is {' and '.join(told)}")
