"""A run for as long as a measurement takes."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seq2seq.recipe import Recipe
from seq2seq.run import Run


@contextlib.contextmanager
def passing_run(recipe: Recipe, folder: Path | None = None) -> Iterator[Run]:
    """Opens the run in `folder`, begun if need be, or one that is removed afterwards if None.

    Raises:
        ValueError: as `Run.start`.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seq2seq-")))
        yield Run.start(folder, recipe)
