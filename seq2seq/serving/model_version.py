"""One loaded version of a model."""

import asyncio
import collections
import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from seq2seq.serving.batcher import Batcher, Observer
from seq2seq.serving.batching import Batching
from seq2seq.serving.json_request import JsonRequest
from seq2seq.serving.serving_error import CODES, ServingError
from seq2seq.serving.settings import Settings
from seq2seq.serving.signature import Signature, Tensors

# TensorFlow is imported where it is used: reading command lines must stay quick.

WARM_UP_RUNS = 2  # TensorFlow builds in the first run, and settles in the second
LONGEST_MESSAGE = 1000  # characters; an assertion may quote all that it was given


class ModelVersion:
    """Answers by a folder that holds a SavedModel; it reads nothing outside that folder.

    Args:
        folder: such as saved_models/translate/1.
        settings: of the server.
        observer: is told of batches.

    Raises:
        ValueError: the folder links to what is outside of it, or its warm-up fails.
        OSError: it cannot be read.
    """

    def __init__(self, folder: Path, settings: Settings, observer: Observer):
        self.number = int(folder.name)
        self.users = 0  # requests that are being answered
        _refuse_links(folder)
        graph = _meta_graph(folder)
        self.signatures = {
            name: Signature.of(name, definition)
            for name, definition in graph.signature_def.items()
            if definition.inputs
        }
        self.metadata = _metadata(graph)
        self.description = _description(folder)
        self._loaded = _load(folder)
        self._warm_up(settings.max_line)
        batching = Batching.read(folder).changed(settings.batching)
        self._pool = ThreadPoolExecutor(batching.num_batch_threads, f"version-{self.number}")
        threads = self._pool, asyncio.Semaphore(batching.num_batch_threads)
        self._batchers = {
            name: Batcher(
                self._runner(name), each.merges, batching, threads, settings.deadline, observer
            )
            for name, each in self.signatures.items()
        }

    async def answer(self, request: JsonRequest) -> Tensors:
        """Answers a request together with others."""
        return await self._batchers[request.signature.name](request.tensors)

    @property
    def streams(self) -> bool:
        """Whether the model can tell a text while it is found."""
        return hasattr(self._loaded, "stream")

    def stream(self, text: str) -> Iterator[str]:
        """Yields the target of a text in parts, each as soon as it is found."""
        from seq2seq.text_stream import streamed

        return streamed(self._loaded.stream, text)

    @property
    def waiting(self) -> int:
        """How many rows wait for a batch."""
        return sum(batcher.waiting for batcher in self._batchers.values())

    def close(self) -> None:
        """Gives the threads back; the weights go with the last reference."""
        for batcher in self._batchers.values():
            batcher.close()
        self._pool.shutdown(wait=False)

    def _runner(self, name: str) -> Callable[[Tensors], Tensors]:
        import tensorflow as tf

        function = self._loaded.signatures[name]

        def run(tensors: Tensors) -> Tensors:
            inputs = {
                each: tf.constant(tensor, tf.string if tensor.dtype == np.object_ else tensor.dtype)
                for each, tensor in tensors.items()
            }
            try:
                return {each: _array(output) for each, output in function(**inputs).items()}
            except tf.errors.OpError as error:
                raise ServingError(CODES[error.error_code], _message(error)) from error

        return run

    def _warm_up(self, max_line: int) -> None:
        """Runs each signature's sample, or an empty text, and a stream: no client waits for it."""
        samples = self.description["signatures"] if self.description else {}
        for name, signature in self.signatures.items():
            if name in samples:
                body = orjson.dumps(samples[name]["request"])
                tensors = JsonRequest.read(body, self.signatures, max_line).tensors
            elif all(port.type is np.object_ and port.rows for port in signature.inputs.values()):
                tensors = {
                    each: np.full([1] * len(port.shape or ()), b"", np.object_)
                    for each, port in signature.inputs.items()
                }
            else:
                continue
            run = self._runner(name)
            for _ in range(WARM_UP_RUNS):
                run(tensors)
        for _ in range(WARM_UP_RUNS if self.streams else 0):
            collections.deque(self.stream(""), maxlen=0)


def _refuse_links(folder: Path) -> None:
    inside = folder.parent.resolve()
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in ["", *folders, *files]):
            if not path.resolve().is_relative_to(inside):
                raise ValueError(f"{path} links to {path.resolve()}, outside of {inside}")


def _meta_graph(folder: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    data = (folder / "saved_model.pb").read_bytes()
    for graph in saved_model_pb2.SavedModel.FromString(data).meta_graphs:
        if "serve" in graph.meta_info_def.tags:
            return graph
    raise ValueError(f"{folder}/saved_model.pb holds no graph with the tag serve")


def _metadata(graph: Any) -> dict:
    """Writes the signatures as TensorFlow Serving does."""
    from google.protobuf import json_format

    plain = lambda message: json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return {name: plain(each) for name, each in graph.signature_def.items()}


def _description(folder: Path) -> dict | None:
    path = folder / "serving.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _load(folder: Path) -> Any:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 registers the ops of tokenizers

    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of each function without gradients; none are needed
    try:
        return tf.saved_model.load(str(folder))
    finally:
        log.setLevel(level)


def _message(error: Any) -> str:
    """Leaves out of an OpError's message what only says where it was raised."""
    told = error.message.rpartition("<stack traces unavailable>\n")[2]
    return told.partition("\n\t [[{{node")[0].strip()[:LONGEST_MESSAGE]


def _array(output: Any) -> np.ndarray:
    array = output.numpy()
    return array if isinstance(array, np.ndarray) else np.asarray(array, _scalar_type(array))


def _scalar_type(value: Any) -> Any:
    return np.object_ if isinstance(value, bytes) else None
