"""How concurrent requests are merged, in the words of TensorFlow Serving."""

import os
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

FILE = "batching_params.pbtxt"
# What TensorFlow Serving knows beside the fields below; this server has no use for it.
OTHERS = {
    "thread_pool_name",
    "allowed_batch_sizes",
    "pad_variable_length_inputs",
    "enable_large_batch_splitting",
    "max_execution_batch_size",
}


@dataclass(frozen=True)
class Batching:
    """Gives the limits of batches; the names are those of session_bundle_config.proto.

    Args:
        max_batch_size: the most rows of a batch.
        batch_timeout_micros: how long a first row waits for others while a thread is free.
        max_enqueued_batches: times max_batch_size, the most rows of a signature that wait.
        num_batch_threads: batches that run at once.

    Raises:
        ValueError: a limit leaves no room for any row.
    """

    max_batch_size: int = 64
    batch_timeout_micros: int = 2000
    max_enqueued_batches: int = 16
    num_batch_threads: int = os.cpu_count() or 1

    def __post_init__(self):
        for field in fields(self):
            least = 0 if field.name == "batch_timeout_micros" else 1
            if getattr(self, field.name) < least:
                raise ValueError(
                    f"{field.name} = {getattr(self, field.name)}: give at least {least}"
                )

    @property
    def capacity(self) -> int:
        """The most rows of a signature that wait."""
        return self.max_batch_size * self.max_enqueued_batches

    @classmethod
    def read(cls, folder: Path) -> "Batching":
        """Reads `batching_params.pbtxt` of a version, where it is there.

        Raises:
            ValueError: the file says what TensorFlow Serving would not read.
        """
        path = folder / FILE
        if not path.is_file():
            return cls()
        text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        written = re.findall(r"(\w+)\s*(?::\s*(\w+)|:?\s*\{\s*value\s*:\s*([\w\"]+)\s*\})", text)
        return cls().changed({name: plain or wrapped for name, plain, wrapped in written}, path)

    def changed(self, changes: dict[str, str], where: object = "--batching") -> "Batching":
        """Returns these limits with others in their places, as {"max_batch_size": "32"}.

        Raises:
            ValueError: there is no such limit, or the value is no number.
        """
        known = [field.name for field in fields(self)]
        if unknown := changes.keys() - {*known, *OTHERS}:
            raise ValueError(f"{where}: no {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        numbers = {}
        for name in changes.keys() & {*known}:
            if not changes[name].isdecimal():
                raise ValueError(f"{where}: {name} must be a number, it is {changes[name]!r}")
            numbers[name] = int(changes[name])
        return replace(self, **numbers)

    def text(self) -> str:
        """Writes the file that TensorFlow Serving reads."""
        lines = (f"{field.name} {{ value: {getattr(self, field.name)} }}" for field in fields(self))
        return "\n".join(lines) + "\n"
