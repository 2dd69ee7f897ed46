"""Folders that are whole or absent, and that show later whether they still are what was written."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

SEAL = "checksums.json"


@contextlib.contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Gives a folder to write files into; at the end it is sealed and renamed to `path`.

    It takes the place of a folder that is there: at every moment `standing(path)` is the old one
    or the new one, also after a power cut. Where writing fails, nothing is left of it.
    """
    for left in path.parent.glob(f".{path.name}.*"):  # by processes that were killed
        shutil.rmtree(left, ignore_errors=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.mkdir(parents=True)
    try:
        yield beside
        seal(beside)
        _put(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def standing(path: Path) -> Path:
    """Returns where the folder of a name stands: the one that it replaces, after a kill."""
    replaced = _replaced(path)
    return replaced if replaced.is_dir() and not path.is_dir() else path


def name_of(path: Path) -> str:
    """Returns the name under which `standing` finds a folder: "10" of 10 and of 10.replaced."""
    return path.name.removesuffix(".replaced")


def remove_folder(path: Path) -> None:
    """Removes a folder and what it replaced, so that at no time half of it is there."""
    for each in (_replaced(path), path):
        removed = path.with_name(f".{each.name}.removed.{os.getpid()}")
        if each.is_dir():
            shutil.rmtree(removed, ignore_errors=True)
            each.rename(removed)
            shutil.rmtree(removed, ignore_errors=True)


def seal(folder: Path) -> None:
    """Writes the size and SHA-256 of each file of a folder, and brings all of it to the disk."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": _digest(path)}
        for path in sorted(folder.iterdir())
    }
    (folder / SEAL).write_text(json.dumps(files, indent=1), encoding="utf-8")
    for path in folder.iterdir():
        _flush(path)
    _flush(folder)


def fault(folder: Path, wanted: Iterable[str]) -> str:
    """Says which wanted file a sealed folder lacks, or what changed; "" where it is whole."""
    try:
        sealed = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        sealed = {name: (int(told["bytes"]), str(told["sha256"])) for name, told in sealed.items()}
    except FileNotFoundError:
        return f"{SEAL} is missing"
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return f"{SEAL} cannot be read"
    missing = [name for name in wanted if name not in sealed]
    if missing:
        return f"{SEAL} does not tell of {', '.join(missing)}"
    found = (_changed(folder / name, *told) for name, told in sealed.items())
    return next((said for said in found if said), "")


def _changed(path: Path, size: int, digest: str) -> str:
    """Says how a file differs from what was sealed."""
    try:
        found = path.stat().st_size
        if found != size:
            return f"{path.name} has {found:,} bytes of {size:,}"
        return "" if _digest(path) == digest else f"{path.name} is not what was written"
    except FileNotFoundError:
        return f"{path.name} is missing"
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replaced(path: Path) -> Path:
    return path.with_name(f"{path.name}.replaced")


def _put(beside: Path, path: Path) -> None:
    """Renames a folder; what stands there keeps a name until the new one has its own."""
    _flush(path.parent)
    if path.is_dir():
        shutil.rmtree(_replaced(path), ignore_errors=True)
        path.rename(_replaced(path))
    beside.rename(path)
    _flush(path.parent)
    shutil.rmtree(_replaced(path), ignore_errors=True)


def _flush(path: Path) -> None:
    """Waits until a file's bytes, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        # Some file systems that are no disks know no such thing for folders.
        if not path.is_dir() or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(number)
