"""serving.json of an exported version: what it may be asked, in the words of TensorFlow Serving.

{"format": 1,
 "limits": {"source_tokens": 256, "target_tokens": 256, "target_per_source": 2.0, ...},
 "signatures": {"serving_default": {
     "about": "Gives the best target of each text.",
     "inputs": {"text": {"dtype": "string", "shape": [-1], "axes": "B"}},
     "outputs": {...},
     "request": {"signature_name": "serving_default", "instances": [{"text": "A dog runs."}]},
     "answer": {"predictions": [{"text": "Ein Hund rennt.", "score": -1.25}]}}, ...}}

A shape's -1 is any size; its axes are named in seq2seq/signatures/signature.py. The request is the
body of a POST to .../models/NAME:predict, and the answer is what comes back.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from seq2seq.generator import Generator
from seq2seq.serving_samples import Sample, plain
from seq2seq.traced_model import DEFAULT, TracedModel


def serving_json(model: TracedModel, text: bytes) -> dict[str, Any]:
    """Describes a model, and asks each signature about a text."""
    (target,) = model.ask(DEFAULT, [text]).outputs["text"]
    told = {}
    for name, signature in model.signatures.items():
        sample = model.answer(name, signature.example(text, target))
        outputs = model.graphs[name].structured_outputs
        told[name] = {
            "about": (type(signature).__doc__ or "").partition("\n")[0],
            "inputs": {
                each: _port(spec, signature.inputs[each][1])
                for each, spec in signature.specs().items()
            },
            "outputs": {each: _port(outputs[each], signature.outputs[each]) for each in outputs},
            **_exchange(sample),
        }
    return {"format": 1, "limits": _limits(model.generator), "signatures": told}


def _limits(generator: Generator) -> dict:
    return {
        "source_tokens": generator.max_source,
        "target_tokens": generator.max_target,
        "target_per_source": generator.ratio,
        "target_margin": generator.margin,
    }


def _port(tensor, axes: str) -> dict:
    name = {tf.float32: "float"}.get(tensor.dtype, tensor.dtype.name)
    shape = [-1 if size is None else size for size in tensor.shape]
    return {"dtype": name, "shape": shape, "axes": axes}


def _exchange(sample: Sample) -> dict:
    predictions = _rows(sample.outputs)
    if len(sample.outputs) == 1:  # the server sends bare values then
        predictions = [value for row in predictions for value in row.values()]
    request = {"signature_name": sample.signature, "instances": _rows(sample.inputs)}
    return {"request": request, "answer": {"predictions": predictions}}


def _rows(arrays: dict[str, np.ndarray]) -> list:
    return [dict(zip(arrays, row)) for row in zip(*map(plain, arrays.values()))]
