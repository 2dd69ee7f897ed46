"""The contract of an engine that answers in TensorFlow's place."""

import abc
import importlib
from pathlib import Path

from pipelines import plugins
from seq2seq.generator import Generator


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
