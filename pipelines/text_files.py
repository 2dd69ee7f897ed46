"""The one place where lines of text are read: compression by suffix, UTF-8, file and line."""

import bz2
import contextlib
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from pipelines.faults import Fault
from pipelines.zstandard_reader import open_zstandard

OPENERS: dict[str, Callable] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": open_zstandard,
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line as it stands in its file, without its line end; `number` counts from 1."""

    path: Path
    number: int
    raw: bytes

    @property
    def place(self) -> str:
        """Says file and line, as compilers do: "data/train.en:12"."""
        return f"{self.path}:{self.number}"

    def text(self) -> str:
        """Decodes the line.

        Raises:
            Fault: the line is not UTF-8, or holds nothing but white space.
        """
        try:
            text = self.raw.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"byte {error.start + 1} of the line is 0x{self.raw[error.start]:02x}"
            raise Fault("invalid UTF-8", self.place, detail) from None
        if not text or text.isspace():
            raise Fault("empty line", self.place)
        return text


def require_file(folder: str | Path, name: str) -> Path:
    """Returns the path of a file that is there.

    Raises:
        ValueError: it is not there; the message names the files that are.
    """
    path = Path(folder, name)
    if path.is_file():
        return path
    if not path.parent.is_dir():
        raise ValueError(f"no file {path}: there is no folder {path.parent}")
    beside = sorted(other.name for other in path.parent.iterdir() if other.is_file())
    more = ", ..." if len(beside) > 10 else ""
    raise ValueError(f"no file {path} (there: {', '.join(beside[:10]) or 'no files'}{more})")


@contextlib.contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading; .gz, .bz2, .xz and .zst are unpacked on the way.

    Raises:
        ValueError: the file cannot be opened, or is cut short or damaged where it is being read.
    """
    opener = OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rb") as file:
            yield cast(BinaryIO, file)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise ValueError(f"cannot read {path} to its end: {error}") from error


def read_lines(path: Path) -> Iterator[Line]:
    """Yields the lines of a file; a line ends with a line feed, a carriage return before it goes.

    Raises:
        ValueError: the file cannot be opened or read to its end.
    """
    with open_bytes(path) as file:
        for number, raw in enumerate(file, start=1):
            if number == 1:
                raw = raw.removeprefix(BYTE_ORDER_MARK)
            yield Line(path, number, raw.removesuffix(b"\n").removesuffix(b"\r"))
