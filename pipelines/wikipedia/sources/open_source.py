"""Finds the source that a name stands for."""

from pathlib import Path

from pipelines.text_files import OPENERS
from pipelines.wikipedia.sources.json_lines import JsonLines
from pipelines.wikipedia.sources.source import Source
from pipelines.wikipedia.sources.tensorflow_source import PREFIX, TensorflowSource
from pipelines.wikipedia.sources.text_folder import TextFolder


def open_source(name: str | Path) -> Source | None:
    """Returns the source of a name, None where it is the path of a dump.

    "tfds:wikipedia/20230601.en", a folder of text, or a file that ends with .jsonl or .json,
    which .gz or another suffix of packed files may follow.

    Raises:
        ValueError: there is no such source.
    """
    if str(name).startswith(PREFIX):
        return TensorflowSource(str(name))
    path = Path(name)
    if path.is_dir():
        return TextFolder(path)
    suffixes = [suffix for suffix in path.suffixes if suffix not in OPENERS]
    return JsonLines(path) if suffixes[-1:] in ([".jsonl"], [".json"]) else None
