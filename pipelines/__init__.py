"""Text to batches: corpora, tokenizers and tf.data steps. Knows nothing of Keras."""

import importlib

_PLACES = {
    "Batching": "pipelines.batches",
    "JsonLines": "pipelines.corpora.json_lines",
    "Limits": "pipelines.records",
    "ParallelText": "pipelines.corpora.parallel_text",
    "Part": "pipelines.batches",
    "Position": "pipelines.batches",
    "Records": "pipelines.records",
    "load_tokenizers": "pipelines.vocabulary",
    "positioned_batches": "pipelines.batches",
    "save_tokenizers": "pipelines.vocabulary",
    "train_tokenizers": "pipelines.vocabulary",
    "training_batches": "pipelines.batches",
    "write_records": "pipelines.records",
}
__all__ = list(_PLACES)


def __getattr__(name: str):
    """Loads a name when it is first used, so that help does not wait for TensorFlow."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value
