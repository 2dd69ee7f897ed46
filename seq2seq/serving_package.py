"""All that lies in the folder of an exported version."""

import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipelines.plugins import find, kinds
from seq2seq.batching_parameters import BATCHING
from seq2seq.generator import Generator
from seq2seq.model_card import About
from seq2seq.serving_samples import Sample, plain, write_samples
from seq2seq.signatures.signature import Signature
from seq2seq.warmup import Request, write_requests

DEFAULT = "serving_default"
LARGE = 8  # rows of a large request; the server's joined batches run the same graph
LONG = 40  # samples in a long text


def write_package(
    generator: Generator,
    folder: Path,
    batches: list[list[str | bytes]],
    signatures: Sequence[str] = (),
    about: About = About(),
) -> None:
    """Writes a version that is not checked yet: the model, and what lies beside it.

    Args:
        batches: of texts, the usual ones first, whose answers are kept for the check.
        signatures: beside `serving_default` [all].
        about: what the model's card tells.

    Raises:
        ValueError: a signature is unknown, or the model fails on a batch.
    """
    asked = make_signatures(generator, signatures)
    graphs = {name: signature.graph() for name, signature in asked.items()}
    save_model(generator, graphs, folder)
    samples = [
        answered(name, asked[name], graphs[name], batch) for name in asked for batch in batches
    ]
    write_samples(folder, samples)
    texts = [text for text in batches[0] if text] or ["a"]
    write_requests(folder, _warm_up(asked, texts))
    told = {
        name: _told(asked[name], graphs[name], answered(name, asked[name], graphs[name], texts[:1]))
        for name in asked
    }
    serving = {"format": 1, "limits": _limits(generator), "signatures": told}
    (folder / "serving.json").write_text(json.dumps(serving, indent=1, ensure_ascii=False) + "\n")
    # A version that is not published yet lies in the model's folder already.
    (folder / "README.md").write_text(about.card(folder.parent.resolve().name, serving))
    (folder / "batching_params.pbtxt").write_text(BATCHING)


def make_signatures(generator: Generator, names: Sequence[str] = ()) -> dict[str, Signature]:
    """Makes signatures by their names [all]; `serving_default` is always among them.

    Raises:
        ValueError: there is no such signature.
    """
    folder = "seq2seq.signatures"
    known = [name for name in kinds(folder) if name != "signature"]
    chosen = dict.fromkeys([DEFAULT, *(names or known)])
    return {name: find(folder, name, Signature)(generator) for name in chosen}


def save_model(generator: Generator, graphs: dict[str, Any], folder: Path) -> None:
    """Writes a SavedModel of traced signatures and of `stream`, a `TokenStream`'s functions."""
    # Not the generator itself: its model may hold an optimizer, of twice the weights' size.
    served, stream = tf.Module(), generator.token_stream()
    served.stream = tf.Module()
    for name in ("begin", "advance", "spell"):
        setattr(served.stream, name, getattr(stream, name))
    traced = [*graphs.values(), stream.begin.get_concrete_function()]
    traced.append(stream.advance.get_concrete_function())
    weights = {id(each): each for graph in traced for each in graph.graph.variables}
    served.weights = list(weights.values())
    served.tokenizers = [generator.source_tokenizer, generator.target_tokenizer]
    # Gradients are for training; a custom gradient's graph would only be weight and risk here.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of every file that it writes
    try:
        with tempfile.TemporaryDirectory() as place:
            served.vocabulary = [*_assets(generator, Path(place))]
            tf.saved_model.save(served, str(folder), graphs, options)
    finally:
        log.setLevel(level)


def _assets(generator: Generator, place: Path):
    """Writes the tokenizers' files and the pieces of their ids, for people and other programs.

    What the graph reads is in the graph: SentencePiece's ops take a model, and no path of one.
    """
    sides = {"source": generator.source_tokenizer, "target": generator.target_tokenizer}
    for side, tokenizer in sides.items():
        own = place / side
        tokenizer.save(own)
        for path in sorted(own.iterdir()):
            yield tf.saved_model.Asset(str(path.rename(place / f"{side}_{path.name}")))
        pieces = place / f"{side}_vocabulary.json"
        pieces.write_text(json.dumps(tokenizer.pieces(), ensure_ascii=False, indent=0) + "\n")
        yield tf.saved_model.Asset(str(pieces))


def answered(name: str, signature: Signature, graph, texts: list[str | bytes]) -> Sample:
    """Asks a signature about texts, in Python.

    Raises:
        ValueError: the model fails on them.
    """
    inputs = {
        each: _array(values, *signature.inputs[each])
        for each, values in signature.ask(texts).items()
    }
    try:
        found = graph(**{each: tf.constant(array) for each, array in inputs.items()})
    except tf.errors.OpError as error:
        told = ", ".join(repr(text[:60]) for text in texts) or "a batch of 0"
        raise ValueError(
            f"not exported: {name} fails in Python on {told}: {error.message}"
        ) from error
    return Sample(name, inputs, {each: found[each].numpy() for each in signature.outputs})


def _array(values, dtype: tf.DType, axes: str) -> np.ndarray:
    if dtype == tf.string:
        array = np.empty(len(values), object)
        array[:] = [text.encode() if isinstance(text, str) else text for text in values]
        return array
    array = np.array(values, dtype.as_numpy_dtype)
    return array if array.size else array.reshape([0] * len(axes))


def _warm_up(asked: dict[str, Signature], texts: list[str | bytes]) -> list[Request]:
    """Makes requests of each signature: one row and many, of short texts and of long ones."""
    space = lambda text: text if isinstance(text, bytes) else text.encode()
    long = b" ".join(map(space, (texts * LONG)[:LONG]))
    requests: list[Request] = []
    for name, signature in asked.items():
        for rows in (texts[:1], [long], (texts * LARGE)[:LARGE], [long] * LARGE):
            values = signature.ask(rows)
            inputs = {each: _array(values[each], *signature.inputs[each]) for each in values}
            requests.append((name, inputs))
    return requests


def _limits(generator: Generator) -> dict:
    return {
        "source_tokens": generator.max_source,
        "target_tokens": generator.max_target,
        "target_per_source": generator.ratio,
        "target_margin": generator.margin,
    }


def _told(signature: Signature, graph, sample: Sample) -> dict:
    """Tells of a signature: its tensors, a request as the server takes it, and its answer."""
    outputs = graph.structured_outputs
    about = (type(signature).__doc__ or "").partition("\n")[0]
    axes = {name: axes for name, (_, axes) in signature.inputs.items()}
    rows = lambda arrays: [dict(zip(arrays, row)) for row in zip(*map(plain, arrays.values()))]
    predictions = rows(sample.outputs)
    if len(sample.outputs) == 1:  # the server sends bare values then
        predictions = [value for row in predictions for value in row.values()]
    return {
        "about": about,
        "inputs": {each: _port(spec, axes[each]) for each, spec in signature.specs().items()},
        "outputs": {
            each: _port(outputs[each], signature.outputs[each]) for each in signature.outputs
        },
        "request": {"signature_name": sample.signature, "instances": rows(sample.inputs)},
        "answer": {"predictions": predictions},
    }


def _port(tensor, axes: str) -> dict:
    name = {tf.float32: "float"}.get(tensor.dtype, tensor.dtype.name)
    shape = [-1 if size is None else size for size in tensor.shape]
    return {"dtype": name, "shape": shape, "axes": axes}
