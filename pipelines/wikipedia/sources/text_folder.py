"""A folder of text files, each of which is an article."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipelines.text_files import OPENERS, open_bytes
from pipelines.wikipedia.sources.record_source import RecordSource

BLANK = re.compile(r"\n[ \t]*\n")


class TextFolder(RecordSource):
    """Reads all .txt files (.txt.gz and so on, too) in a folder and those inside it, by name.

    The title is the file's name. Blank lines part paragraphs, whose lines are joined; in a file
    without any, each line is a paragraph.

    Raises:
        ValueError: the folder has no text files.
    """

    def __init__(self, path: Path):
        super().__init__(path, "en")
        self._files = sorted(
            file
            for file in path.rglob("*.txt*")
            if file.suffix == ".txt"
            or (file.suffix in OPENERS and Path(file.stem).suffix == ".txt")
        )
        if not self._files:
            raise ValueError(f"{path} holds no text: wanted files that end with .txt or .txt.gz")
        self.size = sum(file.stat().st_size for file in self._files)

    def lines(self) -> Iterator[bytes]:
        self.position = 0
        for number, file in enumerate(self._files, 1):
            with open_bytes(file) as opened:
                text = opened.read().decode("utf-8", "replace").replace("\r\n", "\n")
            paragraphs = BLANK.split(text) if BLANK.search(text.strip()) else text.split("\n")
            title = file.name.partition(".txt")[0]
            self.position += file.stat().st_size
            yield orjson.dumps({"id": number, "title": title, "paragraphs": paragraphs})

    def identity(self) -> dict[str, Any]:
        names = [
            f"{file.relative_to(self.path).as_posix()} {file.stat().st_size}"
            for file in self._files
        ]
        return {
            "kind": "folder",
            "name": self.path.name,
            "files": len(names),
            "bytes": self.size,
            "fingerprint": hashlib.sha256("\n".join(names).encode()).hexdigest(),
            "language": self.site.language,
        }
