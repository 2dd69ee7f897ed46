"""Unpacks .7z, as histories of pages come, by py7zr."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from pipelines.wikipedia.background import in_background
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.unpacking import MOST, Block


def unpack_7z(path: Path) -> Generator[Block, None, None]:
    """Yields what the one file in an archive holds.

    The archive's directory stands at its end: of one that is cut short nothing can be read.

    Raises:
        DamagedDump: the archive is damaged or cut short; all before was yielded.
        ValueError: py7zr is not installed, or the archive does not hold exactly one file.
    """
    size = path.stat().st_size
    return in_background(lambda give: _extract(path, lambda xml: give(Block(xml, 0, size))))


def _extract(path: Path, give: Callable[[bytes], None]) -> None:
    """Hands the contents over: py7zr pushes them, where everything else here pulls."""
    try:
        import py7zr
    except ImportError:
        raise ValueError(
            "to read .7z, install py7zr: pip install keras-seq2seq[archives]"
        ) from None
    try:
        with py7zr.SevenZipFile(path) as archive:
            names = [entry.filename for entry in archive.list() if not entry.is_directory]
            if len(names) == 1:
                archive.extract(targets=names, factory=_writers(give))
    except Exception as error:  # a damaged directory makes it fail in many ways
        raise DamagedDump(f"the archive cannot be unpacked: {error!r}") from None
    if len(names) != 1:
        raise ValueError(f"the archive holds {len(names)} files, not one dump")


def _writers(give: Callable[[bytes], None]) -> Any:
    """Makes what py7zr asks for a place to write to: one that hands everything over."""
    from py7zr.io import Py7zIO, WriterFactory

    class Writer(Py7zIO):
        """Takes what is unpacked; py7zr asks for more than it uses."""

        def write(self, s: bytes | bytearray) -> int:
            for start in range(0, len(s), MOST):
                give(bytes(s[start : start + MOST]))
            return len(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def flush(self) -> None:
            pass

        def size(self) -> int:
            return 0

    class Writers(WriterFactory):
        """Has one writer for the one file."""

        def create(self, filename: str) -> Py7zIO:
            return Writer()

    return Writers()
