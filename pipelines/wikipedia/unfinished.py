"""The folder beside the output in which work goes on until it is whole."""

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

from pipelines.whole_files import write_whole
from pipelines.wikipedia.manifest import MANIFEST

REQUEST = "request.json"
LOCK = "lock"
FOLDERS = ("extracted", "runs", "shards", "folder")


class Unfinished:
    """`.NAME.partial` beside the output NAME: held by one process at a time.

    request: what was asked for, for JSON; unfinished work is only gone on with if the same is
        asked for again

    Raises:
        ValueError: it holds the work of another request, or another process is at it.
    """

    def __init__(self, output: Path, request: dict[str, Any]):
        self.folder = self.beside(output)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT)
        try:
            self._require_alone(output)
            self._require_same(output, request)
        except BaseException:
            os.close(self._lock)
            raise
        for name in FOLDERS:
            (self.folder / name).mkdir(exist_ok=True)

    def _require_alone(self, output: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"another process is preparing {output}: wait for it") from None

    def _require_same(self, output: Path, request: dict[str, Any]) -> None:
        path = self.folder / REQUEST
        if path.exists():
            begun = json.loads(path.read_bytes())
            require_same(request, begun, f"{output} was begun", f"remove {self.folder}")
        else:
            write_whole(path, json.dumps(request, indent=1))

    def publish(self, output: Path) -> None:
        """Gives the folder its name, and removes the rest."""
        (self.folder / "folder").rename(output)
        self.remove_rest(output)

    @classmethod
    def remove_rest(cls, output: Path) -> None:
        """Removes what is left of the work on a published output."""
        shutil.rmtree(cls.beside(output), ignore_errors=True)

    @classmethod
    def dump(cls, output: Path) -> str:
        """Names the dump that an output was made of, or its work begun with; "" if none was."""
        for path in (output / MANIFEST, cls.beside(output) / REQUEST):
            if path.is_file():
                return str(json.loads(path.read_bytes())["dump"]["name"])
        return ""

    @staticmethod
    def beside(output: Path) -> Path:
        """Names the folder of the work on an output."""
        return output.with_name(f".{output.name}.partial")

    def __enter__(self) -> "Unfinished":
        return self

    def __exit__(self, *error) -> None:
        os.close(self._lock)


def require_same(request: dict[str, Any], found: dict[str, Any], what: str, hint: str) -> None:
    """Checks that what is there was made by the same request.

    Raises:
        ValueError: it was not; the message names what differs.
    """
    request = json.loads(json.dumps(request))  # tuples are lists then
    differing = [
        f"{place} was {before!r} and is {now!r} now"
        for (place, before), (_, now) in zip(_leaves(found), _leaves(request))
        if before != now
    ]
    if differing or found != request:
        details = ", ".join(differing) or "by another version"
        raise ValueError(f"{what} otherwise ({details}): ask for the same, or {hint}")


def _leaves(values: Any, place: str = "") -> list[tuple[str, Any]]:
    """Lists what nested dictionaries hold: {"a": {"b": 1}} -> [("a.b", 1)]."""
    if not isinstance(values, dict):
        return [(place, values)]
    return [
        leaf
        for name in sorted(values)
        for leaf in _leaves(values[name], f"{place}.{name}" if place else name)
    ]
