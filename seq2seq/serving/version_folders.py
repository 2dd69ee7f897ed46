"""Which versions a model's folder holds."""

from pathlib import Path


def version_folders(folder: Path) -> dict[int, Path]:
    """Finds folders named by numbers, as TensorFlow Serving does: 00000123 is 123."""
    there = [entry for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    return {
        int(entry.name): entry for entry in there if entry.name.isascii() and entry.name.isdecimal()
    }
