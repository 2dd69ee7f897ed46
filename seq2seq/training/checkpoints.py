"""Checkpoints of a run: whole or absent, the last and the best kept."""

import json
import math
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from pipelines.batches import Position

WEIGHTS, TRAINING, PROGRESS = "model.weights.h5", "training.npz", "progress.json"

# Metrics that are better the smaller they are; all others are better the larger.
SMALLER = ("loss", "perplexity")


@dataclass
class Progress:
    """How far a run has come: updates made, the next batch's position, the last round's metrics."""

    step: int = 0
    position: Position = Position()
    seconds: float = 0.0
    target_tokens: int = 0
    metrics: dict = field(default_factory=dict)


class Checkpoints:
    """The checkpoints in a folder, one folder a step.

    `model.weights.h5` are the weights to use (averaged, where training averages); `training.npz`
    is what going on needs: all variables of model and optimizer, random states included.
    """

    def __init__(self, folder: str | os.PathLike, metric: str = "loss"):
        self.folder = Path(folder)
        self.metric = metric

    def steps(self) -> list[int]:
        """Lists the steps that have a checkpoint, in order."""
        # Unfinished and discarded folders begin with a dot.
        return sorted(int(path.parent.name) for path in self.folder.glob(f"[0-9]*/{PROGRESS}"))

    def last(self) -> int | None:
        """Returns the newest step, or None."""
        return max(self.steps(), default=None)

    def best(self) -> int | None:
        """Returns the step with the best metric (the newest of equals), or None."""
        scored = [(self._merit(step), step) for step in self.steps()]
        return max(scored)[1] if scored else None

    def path(self, which: str) -> Path:
        """Returns the folder of the "best" or the "last" checkpoint, or of a step.

        Raises:
            ValueError: there is no such checkpoint.
        """
        step = {"best": self.best, "last": self.last}.get(which, lambda: which)()
        path = self.folder / str(step)
        if step is None or not path.is_dir():
            known = ", ".join(
                ["best", "last", *map(str, self.steps())] if self.steps() else ["none"]
            )
            raise ValueError(f"no checkpoint {which!r} in {self.folder} (known: {known})")
        return path

    def progress(self, step: int) -> Progress:
        """Reads how far the checkpoint of a step had come."""
        saved = json.loads((self.folder / str(step) / PROGRESS).read_text())
        return Progress(**saved | {"position": Position(*saved["position"])})

    def save(self, trainer, progress: Progress) -> None:
        """Writes a checkpoint beside, renames it, then drops all but the last and the best."""
        beside = self.folder / f".{progress.step}.{os.getpid()}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            trainer.save_weights(beside / WEIGHTS)
            values = [keras.ops.convert_to_tensor(variable) for variable in trainer.variables]
            np.savez(beside / TRAINING, *map(np.asarray, values))
            (beside / PROGRESS).write_text(json.dumps(asdict(progress), indent=1))
            self._discard(progress.step)
            beside.rename(self.folder / str(progress.step))
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        for step in set(self.steps()) - {self.last(), self.best()}:
            self._discard(step)

    def restore(self, trainer) -> Progress:
        """Sets a trainer to the newest checkpoint, where there is one.

        Raises:
            ValueError: the checkpoint belongs to another model or optimizer.
        """
        step = self.last()
        if step is None:
            return Progress()
        path = self.folder / str(step) / TRAINING
        with np.load(path, allow_pickle=False) as saved:
            arrays = [saved[name] for name in saved.files]
        shapes = [tuple(variable.shape) for variable in trainer.variables]
        if [array.shape for array in arrays] != shapes:
            raise ValueError(
                f"{path} was written by another model or optimizer; train into a new folder"
            )
        for variable, array in zip(trainer.variables, arrays):
            variable.assign(array)
        return self.progress(step)

    def _discard(self, step: int) -> None:
        """Removes a checkpoint, so that at no time half of it is there."""
        path, discarded = self.folder / str(step), self.folder / f".{step}.discarded.{os.getpid()}"
        if path.is_dir():
            path.rename(discarded)
            shutil.rmtree(discarded)

    def _merit(self, step: int) -> float:
        """Returns how good a step is; one without the metric, or with no finite one, is worst."""
        value = self.progress(step).metrics.get(self.metric, math.nan)
        if not math.isfinite(value):
            return -math.inf
        return -value if self.metric in SMALLER else value
