"""A file with an article a line, as gensim's segment_wiki and others write."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.text_files import read_lines, require_file
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.sources.record_source import RecordSource, fingerprint

WIKI = re.compile(r"([a-z]{2,3})wiki\b")  # in a name such as enwiki-20260101.json.gz


class JsonLines(RecordSource):
    """Reads .jsonl or .json, plain, .gz, .bz2, .xz or .zst: see `read_records`.

    Raises:
        ValueError: there is no such file.
    """

    def __init__(self, path: Path):
        named = WIKI.match(path.name)
        super().__init__(require_file(path.parent, path.name), named[1] if named else "en")

    def lines(self) -> Iterator[bytes]:
        try:
            for line in read_lines(self.path):
                yield line.raw
        except ValueError as error:
            raise DamagedDump(str(error)) from None

    def identity(self) -> dict[str, Any]:
        return {
            "kind": "json_lines",
            "name": self.path.name,
            "bytes": self.path.stat().st_size,
            "fingerprint": fingerprint(self.path),
            "language": self.site.language,
        }
