"""A run with another vocabulary, made from a trained one."""

import copy
import os
import shutil
from pathlib import Path

from pipelines.vocabulary import FILE, Tokenizers, load_tokenizers, save_tokenizers
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_folder import TOKENIZERS

MODES = ("replace", "merge")


def update_vocabulary(
    old: str | Path,
    new: str | Path,
    tokenizers: str | Path,
    mode: str = "replace",
    checkpoint: str = "best",
) -> Path:
    """Makes a run whose model knows other tokens and what it had learnt of the old ones.

    update_vocabulary("runs/old", "runs/new", "runs/other/tokenizers") -> "runs/new"

    The new run has the old one's recipe, but for where tokenizers and weights come from, and a
    checkpoint before the first update, so that it can be used at once and trained further. Its
    optimizer and schedule begin anew.

    Args:
        old: folder of a trained run.
        new: a folder that is not there yet.
        tokenizers: a folder that `save_tokenizers` or `python -m pipelines vocabulary` wrote, or
            a run's.
        mode: "replace" takes them as they are; "merge" adds their tokens to the old ones, which
            only kinds that are lists of tokens allow.
        checkpoint: which weights of the old run: "best", "last" or a step.

    Raises:
        ValueError: an unknown mode, there is no such run, checkpoint or folder of tokenizers,
            `new` is there already, the vocabularies cannot be merged, or the model cannot have
            them; then nothing is written.
    """
    new = Path(new)
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r} (known: {', '.join(MODES)})")
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise ValueError(f"{new} is there already: name another folder")
    run = Run(old)
    run.checkpoints.path(checkpoint)  # fails before anything is done
    found = _read(Path(tokenizers))
    if mode == "merge":
        found = merged(run.tokenizers, found)
    sections = _sections(run, new, checkpoint)
    beside = new.with_name(f".{new.name}.{os.getpid()}")
    try:
        made = Run.start(beside, Recipe(sections))
        save_tokenizers(found, beside / TOKENIZERS)
        made.begin()
        beside.rename(new)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return new


def merged(old: Tokenizers, new: Tokenizers) -> Tokenizers:
    """Adds the new tokens to the old ones, on each side; shared are what both share.

    Raises:
        ValueError: a kind cannot be added to, or the kinds differ.
    """
    source = old.source.merged(new.source)
    shared = old.shared and new.shared
    return Tokenizers(source, source if shared else old.target.merged(new.target))


def _read(folder: Path) -> Tokenizers:
    inside = folder / TOKENIZERS
    return load_tokenizers(inside if (inside / FILE).is_file() else folder)


def _sections(run: Run, new: Path, checkpoint: str) -> dict:
    """Returns the old recipe's sections, which now say where tokenizers and weights are."""
    sections = copy.deepcopy(run.recipe.sections)
    sections["tokenizer"] = sections["tokenizer"] | {"folder": str(new / TOKENIZERS)}
    start = {"start_from": str(run.folder), "start_checkpoint": checkpoint}
    sections["training"] = sections.get("training", {}) | start
    return sections
