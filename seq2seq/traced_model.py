"""A generator as TensorFlow saves it: traced signatures, which Python can still ask."""

import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipelines.plugins import find, kinds
from seq2seq.generator import Generator
from seq2seq.serving_samples import Sample
from seq2seq.signatures.signature import Signature

FOLDER = "seq2seq.signatures"
DEFAULT = "serving_default"


class TracedModel:
    """Signatures of a generator, by name, and the graph of each.

    Args:
        names: beside `serving_default` [all].

    Raises:
        ValueError: there is no such signature.
    """

    def __init__(self, generator: Generator, names: Sequence[str] = ()):
        known = [name for name in kinds(FOLDER) if name != "signature"]
        chosen = dict.fromkeys([DEFAULT, *(names or known)])
        self.generator = generator
        self.signatures = {name: find(FOLDER, name, Signature)(generator) for name in chosen}
        self.graphs = {name: signature.graph() for name, signature in self.signatures.items()}

    def arrays(self, name: str, values: dict[str, Any]) -> dict[str, np.ndarray]:
        """Makes arrays of a signature's inputs, nested lists."""
        inputs = self.signatures[name].inputs
        return {each: _array(values[each], *inputs[each]) for each in inputs}

    def ask(self, name: str, texts: list[bytes]) -> Sample:
        """Asks a signature about texts."""
        return self.answer(name, self.signatures[name].ask(texts))

    def answer(self, name: str, values: dict[str, Any]) -> Sample:
        """Asks a signature.

        Raises:
            ValueError: the model fails.
        """
        inputs = self.arrays(name, values)
        try:
            found = self.graphs[name](**{each: tf.constant(inputs[each]) for each in inputs})
        except tf.errors.OpError as error:
            told = ", ".join(f"{each} {array.tolist()!s:.80}" for each, array in inputs.items())
            raise ValueError(
                f"not exported: {name} fails in Python on {told}: {error.message}"
            ) from error
        outputs = self.signatures[name].outputs
        return Sample(name, inputs, {each: found[each].numpy() for each in outputs})

    def save(self, folder: Path) -> None:
        """Writes a SavedModel of the signatures, and of `stream`, a `TokenStream`'s functions."""
        # Not the generator itself: its model may hold an optimizer, of twice the weights' size.
        served, stream = tf.Module(), self.generator.token_stream()
        served.stream = tf.Module()
        for name in ("begin", "advance", "spell"):
            setattr(served.stream, name, getattr(stream, name))
        functions = [stream.begin.get_concrete_function(), stream.advance.get_concrete_function()]
        graphs = [function.graph for function in [*self.graphs.values(), *functions]]
        weights = {id(weight): weight for graph in graphs for weight in graph.variables}
        served.weights = list(weights.values())
        served.tokenizers = [self.generator.source_tokenizer, self.generator.target_tokenizer]
        # Gradients are for training; a custom gradient's graph would only be weight and risk here.
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        log = logging.getLogger("tensorflow")
        level = log.level
        log.setLevel(logging.ERROR)  # it tells of every file that it writes
        try:
            with tempfile.TemporaryDirectory() as place:
                served.vocabulary = list(self._assets(Path(place)))
                tf.saved_model.save(served, str(folder), self.graphs, options)
        finally:
            log.setLevel(level)

    def _assets(self, place: Path) -> Iterator[Any]:
        """Writes the tokenizers' files and how ids are spelt, for people and other programs.

        The graph reads none of them: SentencePiece's ops take a model, and no path of one.
        """
        sides = {
            "source": self.generator.source_tokenizer,
            "target": self.generator.target_tokenizer,
        }
        for side, tokenizer in sides.items():
            tokenizer.save(place / side)
            for path in sorted((place / side).iterdir()):
                yield tf.saved_model.Asset(str(path.rename(place / f"{side}_{path.name}")))
            pieces = place / f"{side}_vocabulary.json"
            pieces.write_text(json.dumps(tokenizer.pieces(), ensure_ascii=False, indent=0) + "\n")
            yield tf.saved_model.Asset(str(pieces))


def _array(values, dtype: tf.DType, axes: str) -> np.ndarray:
    if dtype == tf.string:
        array = np.empty(len(values), object)
        array[:] = values
        return array
    array = np.array(values, dtype.as_numpy_dtype)
    return array if array.size else array.reshape([0] * len(axes))
