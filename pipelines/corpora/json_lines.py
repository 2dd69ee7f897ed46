"""One JSON object a line, with named fields for source and target."""

import json
from collections.abc import Iterator

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split
from pipelines.text_files import Line, read_lines, require_file


class JsonLines(Corpus):
    """Reads two fields of the object on each line; plain, .gz, .bz2 or .xz.

    A field inside a field is written "translation/en". With `faulty` "drop", faulty examples are
    left out and counted by reason in `dropped`, which starts again with each read of a split.
    """

    def __init__(
        self,
        paths: dict[str, str],
        source_field: str = "source",
        target_field: str = "target",
        folder: str = ".",
        faulty: Faulty = "error",
    ):
        self._paths, self._folder, self._faulty = dict(paths), folder, faulty
        self._source_field, self._target_field = source_field, target_field

    def splits(self) -> list[str]:
        return list(self._paths)

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self._paths)
        path = require_file(self._folder, self._paths[split])
        self.dropped.clear()
        return keep_good(read_lines(path), self._pair, self._faulty, self.dropped)

    def _pair(self, line: Line) -> Pair:
        try:
            record = json.loads(line.text())
        except json.JSONDecodeError as error:
            raise Fault("malformed JSON", line.place, str(error)) from None
        except RecursionError:
            raise Fault("malformed JSON", line.place, "nested too deep") from None
        return _text(record, self._source_field, line), _text(record, self._target_field, line)


def _text(record: object, field: str, line: Line) -> str:
    """Returns the text of a field, which may be a path such as "translation/en"."""
    for name in field.split("/"):
        if not isinstance(record, dict):
            raise Fault("not an object", line.place, f"no place for field {field!r}")
        if name not in record:
            known = ", ".join(map(repr, record)) or "none"
            raise Fault("missing field", line.place, f"{field!r} (known: {known})")
        record = record[name]
    if not isinstance(record, str):
        raise Fault("not a text", line.place, f"{field!r} is {type(record).__name__}")
    if not record or record.isspace():
        raise Fault("empty field", line.place, repr(field))
    return record
