"""Batches to trained, searched and served models, in Keras 3 on TensorFlow.

The names below are loaded when they are first used, so that `seq2seq --help` does not wait for
TensorFlow. `export` is the exception: its module has its name, and must not hide it.
"""

import importlib

from seq2seq import backend

backend.check_backend()

from seq2seq.export import export  # noqa: E402 the check comes before all else

_PLACES = {
    "BeamSearch": "seq2seq.decoding.beam_search",
    "Drafted": "seq2seq.drafted",
    "Generator": "seq2seq.generator",
    "GreedySearch": "seq2seq.decoding.greedy_search",
    "InverseSquareRoot": "seq2seq.training.schedules",
    "LSTM": "seq2seq.models.lstm",
    "LabelSmoothedCrossEntropy": "seq2seq.losses",
    "Perplexity": "seq2seq.metrics",
    "Recipe": "seq2seq.recipe",
    "Run": "seq2seq.run",
    "SpeculativeSearch": "seq2seq.decoding.speculative_search",
    "TokenAccuracy": "seq2seq.metrics",
    "Trainer": "seq2seq.training.trainer",
    "Transformer": "seq2seq.models.transformer",
    "evaluate": "seq2seq.evaluation",
}
__all__ = ["export", *_PLACES]


def __getattr__(name: str):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
