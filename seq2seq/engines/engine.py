"""The contract of an engine that answers in TensorFlow's place."""

import abc
import contextlib
import importlib
import math
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines import plugins
from pipelines.vocabulary import Tokenizers
from seq2seq.generator import Generator

TOLERANCE = 1e-3  # of a log-probability, relative; other sums of float32 differ by less
LIMITS = ("max_source", "ratio", "margin", "max_target")


class Engine(abc.ABC):
    """Writes a generator as another engine reads it. Subclasses' fields are their options."""

    @abc.abstractmethod
    def write(self, generator: Generator, folder: Path, samples: list[str]) -> Path:
        """Writes a new folder whole, once what is in it scores `samples` as `generator` does.

        Raises:
            ValueError: the engine cannot say this model or search, or is not installed; the
                folder is there already; or the scores differ. Nothing is left behind.
        """


def make_engine(kind: str, quantization: str | None = None) -> Engine:
    """Makes the engine of the file `kind`, its weights as they are or quantised.

    Raises:
        ValueError: there is no such engine, or it does not know this quantisation.
    """
    options = {} if quantization is None else {"quantization": quantization}
    return plugins.build("seq2seq.engines", Engine, {"kind": kind} | options)


def require(module: str, extra: str):
    """Imports what only an extra of this package installs.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ValueError(
            f"{module} is not installed: pip install 'keras-seq2seq[{extra}]'"
        ) from None


def tokenizers_of(generator: Generator) -> Tokenizers:
    return Tokenizers(generator.source_tokenizer, generator.target_tokenizer)


def limits_of(generator: Generator) -> dict[str, Any]:
    """Names the limits of a generator, which are arguments of its constructor."""
    return {name: getattr(generator, name) for name in LIMITS}


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Makes a folder that appears whole, or not at all: what is in it is written beside.

    Raises:
        ValueError: it is there already.
    """
    if folder.exists():
        raise ValueError(f"{folder} is there already: name a new folder")
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:12]}")
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def require_same_scores(
    name: str, generator: Generator, engine: Generator, samples: list[str], exact: bool
) -> None:
    """Checks that an engine scores the generator's answers to `samples` as the generator does.

    Raises:
        ValueError: a score is no number or, where they are to be exact, another one.
    """
    targets = [answer.text for answer in generator.generate(samples)]
    ours, theirs = (each.score(samples, targets) for each in (generator, engine))
    for sample, *scores in zip(samples, ours, theirs, strict=True):
        # Rounded weights do not score alike.
        close = math.isclose(*scores, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not math.isfinite(scores[1]) or exact and not close:
            raise ValueError(
                f"not written: for {sample[:80]!r} {name} gives the log-probability {scores[1]} "
                f"where this project gives {scores[0]}"
            )
