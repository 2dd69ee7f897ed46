"""Text in, text out, by ONNX Runtime."""

from pathlib import Path

import numpy as np

from seq2seq.decoding.search import Search
from seq2seq.engines.engine import require
from seq2seq.engines.host_steps.host_steps import Tensors
from seq2seq.engines.host_steps.step_generator import StepGenerator, read_description
from seq2seq.threads import threads_of_a_batch


class OnnxGenerator(StepGenerator):
    """Answers from what `Onnx.write` wrote.

    Args:
        folder: what was written.
        search: another than the one it was written with.
        threads: for one batch; 0 shares the processors between the batches that run at once.
        batch_tokens: of `Generator`.

    Raises:
        ValueError: ONNX Runtime is not installed, or the folder holds something else.
    """

    def __init__(
        self,
        folder: str | Path,
        search: Search | None = None,
        threads: int = 0,
        batch_tokens: int = 8192,
    ):
        functions = OnnxFunctions(Path(folder), threads or threads_of_a_batch())
        super().__init__(folder, functions, search, batch_tokens)


class OnnxFunctions:
    """The two functions of a folder."""

    entries: int | None = None

    def __init__(self, folder: Path, threads: int):
        read_description(folder)
        engine = require("onnxruntime", "onnx")
        options = engine.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin between two steps take the processor from the search.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        open_ = lambda name: engine.InferenceSession(
            folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"]
        )
        self._encode, self._step = (open_(name) for name in ("encode", "step"))
        self._read, self._said = (
            [output.name for output in each.get_outputs()] for each in (self._encode, self._step)
        )

    def encode(self, source: np.ndarray) -> Tensors:
        found = self._encode.run(None, {"source": source.astype("int32")})
        return dict(zip(self._read, found, strict=True))

    def step(self, given: Tensors) -> Tensors:
        return dict(zip(self._said, self._step.run(None, given), strict=True))
