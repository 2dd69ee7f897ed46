"""Files that are whole or absent, never half-written."""

import json
import os
from pathlib import Path


def write_whole(path: str | os.PathLike, content: str | bytes) -> None:
    """Writes a file beside its place, then renames it; makes the folder where there is none."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_list(path: str | os.PathLike) -> list:
    """Reads a JSON list.

    Raises:
        OSError, ValueError: there is no such file, or it holds something else.
    """
    entries = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(entries, list):
        raise ValueError("not a JSON list")
    return entries
