"""A search as JSON keeps it, and how many hypotheses it follows."""

import dataclasses
from typing import Any

import numpy as np

from pipelines import plugins
from pipelines.special_tokens import END
from seq2seq.decoding.search import Search
from seq2seq.engines.host_steps.host_steps import HostSteps, Tensors


def search_section(search: Search) -> dict[str, Any]:
    """Describes a search as a recipe does.

    Raises:
        ValueError: it has constraints.
    """
    if search.constraints:
        names = ", ".join(type(constraint).__name__ for constraint in search.constraints)
        raise ValueError(
            f"constraints are not written for another engine ({names}): leave search.constraints "
            "out and give the search that has them to the engine's generator in Python, or export "
            "for TensorFlow Serving (without an engine)"
        )
    fields = [field.name for field in dataclasses.fields(search) if field.name != "constraints"]
    kind = type(search).__module__.rpartition(".")[2]
    return {"kind": kind} | {name: getattr(search, name) for name in fields}


def saved_search(section: dict[str, Any]) -> Search:
    """Makes the search that `search_section` described."""
    return plugins.build("seq2seq.decoding", Search, section)


class _Asked:
    """Stands for an engine, and counts the rows that it is asked for."""

    entries: int | None = None
    rows = 1

    def __init__(self, vocabulary: int):
        self._vocabulary = vocabulary

    def encode(self, source: np.ndarray) -> Tensors:
        return {"memory_mask": source != 0}

    def step(self, given: Tensors) -> Tensors:
        rows = given["token"].size
        self.rows = max(self.rows, rows)
        widths = {"logits": self._vocabulary, "attention": 1, "vectors": 1}
        return {name: np.ones((rows, width), "float32") for name, width in widths.items()}


def hypotheses_of(search: Search, vocabulary: int) -> int:
    """Counts the hypotheses that a search follows for a sentence, by letting it search."""
    asked, source = _Asked(vocabulary), np.array([[END]], "int32")
    search(HostSteps(asked, {}, source), 1, 2, {"source": source})
    return asked.rows
