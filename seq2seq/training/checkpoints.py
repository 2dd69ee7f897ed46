"""Checkpoints of a run: whole or absent, the last and the best kept."""

import contextlib
import errno
import itertools
import logging
import math
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import h5py

from seq2seq.training.progress import Progress
from seq2seq.training.sealed_folder import fault, name_of, remove_folder, standing, writing_folder
from seq2seq.training.variables_file import read_variables, write_variables

WEIGHTS, TRAINING, PROGRESS = "model.weights.h5", "training.npz", "progress.json"
FILES = (WEIGHTS, TRAINING, PROGRESS)

# Metrics that are better the smaller they are; all others are better the larger.
SMALLER = ("loss", "perplexity")
# What a checkpoint's folder may be called.
NAME = r"\w[\w.-]*"

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints in a folder, one folder a step.

    `model.weights.h5` are the weights to use (averaged, where training averages); `training.npz`
    is what going on needs: all variables of model and optimizer, random states included;
    `checksums.json` tells later whether they still are what was written. Whatever is not is
    reported and passed over. Other folders beside them hold weights only, such as averages.

    Args:
        metric: what the best are best in.
        keep_last: so many of the newest are kept. From 2 on, a damaged newest has one before it.
        keep_best: so many of the best are kept.

    Raises:
        ValueError: none would be kept.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        metric: str = "loss",
        keep_last: int = 2,
        keep_best: int = 1,
    ):
        for name, count in {"keep_last": keep_last, "keep_best": keep_best}.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        self.folder = Path(folder)
        self.metric = metric
        self.keep_last = keep_last
        self.keep_best = keep_best
        self._faults: dict[tuple, str] = {}  # by the state of a folder
        self._told: set[tuple[int, str]] = set()

    def steps(self) -> list[int]:
        """Lists the steps that have a checkpoint, damaged or not, in order."""
        found = {name_of(path) for path in self.folder.glob("[0-9]*") if path.is_dir()}
        return sorted(int(name) for name in found if name.isdecimal())

    def fault(self, step: int) -> str:
        """Says what is wrong with a checkpoint; "" where it is whole.

        Reads all of its files, but once for as long as they do not change.
        """
        folder = standing(self.folder / str(step))
        state = _state(folder)
        if state not in self._faults:
            self._faults[state] = fault(folder, FILES)
        return self._faults[state]

    def last(self) -> int | None:
        """Returns the newest step that is whole, or None."""
        return next(iter(self.newest(1)), None)

    def best(self) -> int | None:
        """Returns the whole step with the best metric, the newest of equals, or None.

        Where none was measured, it is the newest.
        """
        return next(iter(self.leading(1) or self.newest(1)), None)

    def newest(self, count: int) -> list[int]:
        """Returns the newest steps that are whole, at most `count`, the newest first."""
        return self._whole(self.steps()[::-1], count)

    def leading(self, count: int) -> list[int]:
        """Returns the measured steps that are whole, at most `count`, the best first."""
        return self._whole(self._ranked(), count)

    def path(self, which: str) -> Path:
        """Returns the folder of the "best" or the "last" checkpoint, of a step, or of an average.

        A damaged best or last is reported, and the next one is taken.

        Raises:
            ValueError: there is no such checkpoint, or it is damaged.
        """
        found = {"best": self.best, "last": self.last}.get(which, lambda: which)()
        path = standing(self.folder / str(found))
        if found is None and self.steps():
            raise ValueError(self._none_is_whole())
        if found is None or not re.fullmatch(NAME, str(found)) or not path.is_dir():
            known = ", ".join(self._known()) or "none"
            raise ValueError(f"no checkpoint {which!r} in {self.folder} (known: {known})")
        wrong = self.fault(int(found)) if str(found).isdecimal() else fault(path, [WEIGHTS])
        if wrong:
            raise ValueError(f"{path} is damaged: {wrong} (known: {', '.join(self._known())})")
        return path

    def progress(self, step: int) -> Progress:
        """Reads how far the checkpoint of a step had come."""
        return Progress.read(standing(self.folder / str(step)) / PROGRESS)

    def save(self, trainer, progress: Progress) -> None:
        """Writes a checkpoint beside, renames it, then drops all but the last and the best.

        Raises:
            OSError: it could not be written, as to a full disk. Those before it are all there.
        """
        for left in self.folder.glob(".[0-9]*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        folder = self.folder / str(progress.step)
        try:
            with writing_folder(folder) as beside:
                trainer.save_weights(beside / WEIGHTS)
                # HDF5 does not always tell when it could not write: a file cut short will not open.
                h5py.File(beside / WEIGHTS, "r").close()
                write_variables(beside / TRAINING, trainer.variables)
                progress.write(beside / PROGRESS)
        except (OSError, RuntimeError) as error:  # HDF5 raises either
            raise self._not_saved(progress.step, error) from error
        self._faults[_state(folder)] = ""  # what was just read need not be read again
        kept = [*self.newest(self.keep_last), *self.leading(self.keep_best), progress.step]
        self._drop(set(self.steps()) - set(kept))

    def restore(self, trainer) -> Progress:
        """Sets a trainer to the newest whole checkpoint, where there is any checkpoint.

        Damaged ones after it are reported and set aside as `.corrupt-STEP`: nothing reads them
        there, and training may come to their steps again.

        Raises:
            ValueError: all are damaged, or it belongs to another model or optimizer.
        """
        steps, step = self.steps(), self.last()
        if step is None:
            if steps:
                raise ValueError(self._none_is_whole())
            return Progress()
        progress = self.progress(step)
        read_variables(standing(self.folder / str(step)) / TRAINING, trainer.variables)
        for damaged in steps[steps.index(step) + 1 :]:
            self._set_aside(damaged)
        return progress

    def _whole(self, steps: Iterable[int], count: int) -> list[int]:
        """Takes the first steps that are whole, and reports those that are not."""
        return list(itertools.islice((step for step in steps if not self._reported(step)), count))

    def _reported(self, step: int) -> bool:
        """Tells whether a checkpoint is damaged, and says so once."""
        wrong = self.fault(step)
        if wrong and (step, wrong) not in self._told:
            self._told.add((step, wrong))
            log.warning("checkpoint %s in %s is damaged and not used: %s", step, self.folder, wrong)
        return bool(wrong)

    def _ranked(self) -> list[int]:
        """Orders the steps that have the metric, the best first and of equals the newest."""
        merits = {step: self._merit(step) for step in self.steps()}
        measured = [step for step, merit in merits.items() if merit is not None]
        return sorted(measured, key=lambda step: (merits[step], step), reverse=True)

    def _merit(self, step: int) -> float | None:
        """Returns how good a step is; None where the metric is not there or not finite."""
        try:
            value = self.progress(step).metrics.get(self.metric, math.nan)
        except (OSError, ValueError):
            self._reported(step)
            return None
        if not math.isfinite(value):
            return None
        return -value if self.metric in SMALLER else value

    def _drop(self, steps: Iterable[int]) -> None:
        """Removes checkpoints; those that are known to be damaged are set aside."""
        for step in steps:
            if self._faults.get(_state(standing(self.folder / str(step)))):
                self._set_aside(step)
            else:
                remove_folder(self.folder / str(step))

    def _set_aside(self, step: int) -> None:
        """Takes a damaged checkpoint out of the way, but keeps it: much of it may be good."""
        aside = self.folder / f".corrupt-{step}"
        with contextlib.suppress(OSError):  # another worker was quicker
            shutil.rmtree(aside, ignore_errors=True)
            standing(self.folder / str(step)).rename(aside)

    def _not_saved(self, step: int, error: Exception) -> OSError:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        kept = ", ".join(map(str, self.steps())) or "none"
        said = f"checkpoint {step} could not be written ({reason}); kept are those before: {kept}"
        return OSError(getattr(error, "errno", None) or errno.EIO, said, str(self.folder))

    def _known(self) -> list[str]:
        """Names all that `path` takes."""
        steps = [str(step) for step in self.steps()]
        others = sorted(path.parent.name for path in self.folder.glob(f"[!.0-9]*/{WEIGHTS}"))
        return ["best", "last", *steps, *others] if steps else others

    def _none_is_whole(self) -> str:
        faults = "; ".join(f"{step}: {self.fault(step)}" for step in self.steps())
        return (
            f"all checkpoints in {self.folder} are damaged ({faults}): put back a copy of one, "
            "or remove them to train anew"
        )


def _state(folder: Path) -> tuple:
    """Returns what changes when a folder's files do."""
    try:
        told = [(path, path.stat()) for path in sorted(folder.glob("*"))]
    except FileNotFoundError:  # another process removes it just now
        return folder, None
    return folder, *((path, now.st_ino, now.st_size, now.st_mtime_ns) for path, now in told)
