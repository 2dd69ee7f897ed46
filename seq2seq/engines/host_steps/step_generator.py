"""Text in, text out, by an engine that computes a model's functions."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import PAD, START
from pipelines.vocabulary import load_tokenizers
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.search import Search
from seq2seq.engines.host_steps.host_steps import Functions, HostSteps
from seq2seq.engines.host_steps.saved_search import saved_search
from seq2seq.generator import Generator

FILE = "generator.json"


class StepGenerator(Generator):
    """Answers as the `Generator` did that a `StepEngine` was given: any search of ours runs here.

    Searches run in Python, a step at a time, and ask the engine for each. It cannot be exported.

    Args:
        folder: what the engine wrote.
        functions: of that folder.
        search: another than the one it was written with.
        batch_tokens: of `Generator`.
    """

    def __init__(
        self,
        folder: str | Path,
        functions: Functions,
        search: Search | None = None,
        batch_tokens: int = 8192,
    ):
        described = read_description(folder)
        tokenizers = load_tokenizers(Path(folder) / "tokenizers")
        search = search or saved_search(described["search"])
        # An engine of fixed sizes reads one sentence, which is a batch.
        tokens = batch_tokens if functions.entries is None else 1
        super().__init__(tokenizers, functions, search, batch_tokens=tokens, **described["limits"])
        self._cache = described["cache"]

    # Nothing is traced: the engine is no part of a graph.
    __call__ = Generator.__call__.python_function
    nbest = Generator.nbest.python_function
    found = Generator.found.python_function
    log_probability = Generator.log_probability.python_function

    def find(self, text, search, given):
        if self.model.entries is None or len(text) == 1:
            return super().find(text, search, given)
        rows = range(max(1, len(text)))
        alone = lambda row: {name: tensor[row : row + 1] for name, tensor in given.items()}
        found = [super(StepGenerator, self).find(text[r : r + 1], search, alone(r)) for r in rows]
        return {
            "ids": _joined([each["ids"] for each in found], PAD),
            "score": _joined([each["score"] for each in found], NEVER),
        }

    def steps(self, source) -> HostSteps:
        return HostSteps(self.model, self._cache, np.asarray(source))

    def forced(self, text, ids):
        """Lets the engine say given ids, one at a time: as `Generator.forced`."""
        if self.model.entries is not None and len(text) > 1:
            alone = [self.forced(text[r : r + 1], ids[r : r + 1]) for r in range(len(text))]
            return {name: _joined([each[name] for each in alone], PAD) for name in alone[0]}
        source, ids = self.source_ids(text).to_tensor(PAD), np.asarray(ids)
        steps = self.steps(source)
        state = steps.pack(steps.begin(1), np.arange(ids.shape[0]), 1, ids.shape[1])
        token, said, attention = np.full(ids.shape[:1], START), [], []
        for position, following in enumerate(ids.T):
            logits, shown, state = steps.look(token, position, state)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(following, logits)
            said.append(-tf.where(following == PAD, 0.0, loss))
            attention.append(shown["attention"])
            token = following
        stacked = {"log_probability": said, "attention": attention}
        return {name: tf.stack(each, 1) for name, each in stacked.items()} | {"source": source}

    def token_stream(self):
        """Is nothing that runs without TensorFlow's graphs.

        Raises:
            ValueError: always.
        """
        raise ValueError("another engine's targets come whole: stream from the run itself")


def read_description(folder: str | Path) -> dict:
    """Reads what `StepEngine.write` has written of a model.

    Raises:
        ValueError: the folder holds something else.
    """
    try:
        described = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        return {name: described[name] for name in ("engine", "search", "limits", "cache", "sizes")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder} holds no model that an engine wrote: {error}") from None


def _joined(rows: list, filling):
    """Stacks tensors of one row each, filled up to the largest: -> [B, ...]."""
    shape = np.max([row.shape for row in rows], axis=0)
    pad = lambda row: [(0, int(size - own)) for size, own in zip(shape, row.shape)]
    return tf.concat([tf.pad(row, pad(row), constant_values=filling) for row in rows], 0)
