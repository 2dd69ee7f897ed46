"""Text in, text out, by LiteRT."""

import os
import threading
from pathlib import Path

import numpy as np

from seq2seq.decoding.search import Search
from seq2seq.engines.engine import require
from seq2seq.engines.host_steps.host_steps import Tensors
from seq2seq.engines.host_steps.step_generator import StepGenerator, read_description


class LiteRTGenerator(StepGenerator):
    """Answers from what `LiteRT.write` wrote, a sentence at a time.

    Args:
        folder: what was written.
        search: another than the one it was written with, of no more hypotheses.
        threads: 0 is as many as the process may use processors.

    Raises:
        ValueError: LiteRT is not installed, or the folder holds something else.
    """

    def __init__(self, folder: str | Path, search: Search | None = None, threads: int = 0):
        functions = LiteRTFunctions(Path(folder), threads or len(os.sched_getaffinity(0)))
        super().__init__(folder, functions, search)


class LiteRTFunctions:
    """The two functions of a folder, whose arrays are filled up to the sizes that are fixed."""

    def __init__(self, folder: Path, threads: int):
        sizes = read_description(folder)["sizes"]
        self.entries = sizes["entries"]
        self._source, self._rows = sizes["source"], sizes["rows"]
        interpreter = require("ai_edge_litert.interpreter", "litert").Interpreter
        open_ = lambda name: interpreter(str(folder / f"{name}.tflite"), num_threads=threads)
        self._encode, self._step = (
            open_(name).get_signature_runner(name) for name in ("encode", "step")
        )
        self._lock = threading.Lock()  # an interpreter has one place for each array

    def encode(self, source: np.ndarray) -> Tensors:
        room = self._source - source.shape[1]
        with self._lock:
            return self._encode(source=np.pad(source.astype("int32"), [(0, 0), (0, room)]))

    def step(self, given: Tensors) -> Tensors:
        rows = given["token"].size
        if rows > self._rows:
            raise ValueError(
                f"the model was written for {self._rows} hypotheses, not {rows}: export it anew "
                "with the search that is wanted"
            )
        filled = {name: self._filled(name, each) for name, each in given.items()}
        with self._lock:
            found = self._step(**filled)
        return {name: _cut(name, each, rows) for name, each in found.items()}

    def _filled(self, name: str, tensor: np.ndarray) -> np.ndarray:
        if not _has_rows(name) or tensor.shape[0] == self._rows:
            return tensor
        return np.pad(tensor, [(0, self._rows - tensor.shape[0])] + [(0, 0)] * (tensor.ndim - 1))


def _has_rows(name: str) -> bool:
    return name in ("token", "visible") or name.startswith("state_")


def _cut(name: str, tensor: np.ndarray, rows: int) -> np.ndarray:
    return tensor[:, :, :rows] if name.startswith("next_said_") else tensor[:rows]
