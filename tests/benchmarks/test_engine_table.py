"""What rounded weights cost and give, by engine: size, BLEU, sentences a second: `make benchmark`.

Set ENGINES_RUN to a trained run of a Transformer, ENGINES_TEXTS and ENGINES_REFERENCES to files of
source and target texts, a line each. Engines answer one after another, each in its own way of
using all processors. LiteRT answers the first texts only: it is made for one text at a time.
"""

import os
import time
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 registers its ops

from seq2seq.engines.ctranslate2_model.ctranslate2_generator import CTranslate2Generator
from seq2seq.engines.engine import make_engine
from seq2seq.engines.litert import LiteRT
from seq2seq.engines.onnx import Onnx
from seq2seq.evaluation import bleu
from seq2seq.kept_weights.rounded_model import rounded
from seq2seq.run import Run
from seq2seq.text_batches import answered
from seq2seq.threads import share_between_batches
from seq2seq.traced_model import TracedModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("ENGINES_RUN" not in os.environ, reason="ENGINES_RUN names no run"),
]
FEW = 40
TURNS = 3
# LiteRT's sizes are fixed: room for the longest of short sentences.
SIZES = ["generator.max_source=64", "generator.max_target=64"]
LOST = 1.0  # BLEU that rounding may cost
OPENED = {"ctranslate2": CTranslate2Generator, "litert": LiteRT().open, "onnx": Onnx().open}


class Served:
    """Answers as `seq2seq generate` does, by a SavedModel."""

    def __init__(self, folder, generator):
        self.loaded = tf.saved_model.load(str(folder))
        self.serve = self.loaded.signatures["serving_default"]
        self.generator = generator

    def generate(self, texts):
        return answered(
            texts, self.generator.lengths, self._answers, self.generator.batch_tokens, int
        )

    def _answers(self, texts):
        found = self.serve(text=tf.constant(texts))["text"].numpy().tolist()
        return [text.decode() for text in found]


class Chosen:
    """Answers with the texts of a generator's answers."""

    def __init__(self, generator):
        self.generator = generator

    def generate(self, texts):
        return (answer.text for answer in self.generator.generate(texts))


def megabytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def saved_models(folder, texts):
    """Yields names, folders and what answers from them, of TensorFlow's."""
    ways = {"float32": [], "int8": [], "bfloat16": []}
    ways["computed in bfloat16"] = ["generator.precision=bfloat16"]
    for name, changes in ways.items():
        generator = Run(os.environ["ENGINES_RUN"], changes).generator("best")
        kept = rounded(generator, name) if name in ("int8", "bfloat16") else generator
        path = folder / name.replace(" ", "-")
        TracedModel(kept, ["serving_default"]).save(path)
        yield name, path, Served(path, generator)


def others(kind):
    """Makes the function that yields names, folders and what answers, of another engine."""

    def written(folder, texts):
        changes = SIZES if kind == "litert" else []
        for quantization in (None, "int8"):
            generator = Run(os.environ["ENGINES_RUN"], changes).generator("best")
            path = folder / f"{kind}-{quantization}"
            make_engine(kind, quantization).write(generator, path, texts[:2])
            yield quantization or "float32", path, Chosen(OPENED[kind](path))

    return written


ENGINES = {"SavedModel": saved_models} | {kind: others(kind) for kind in OPENED}


@pytest.mark.parametrize("kind", ENGINES)
def test_rounded_weights_cost_little(kind, tmp_path):
    share_between_batches()
    texts, references = (
        Path(os.environ[name]).read_text("utf-8").splitlines()
        for name in ("ENGINES_TEXTS", "ENGINES_REFERENCES")
    )
    texts = texts[:FEW] if kind == "litert" else texts
    whole = None
    for name, path, engine in ENGINES[kind](tmp_path, texts):
        list(engine.generate(texts[:64]))
        seconds = []
        for _ in range(TURNS):
            began = time.perf_counter()
            found = list(engine.generate(texts))
            seconds.append(time.perf_counter() - began)
        score = bleu(found, references[: len(found)]).value
        whole = score if whole is None else whole
        print(
            f"\n{kind} {name}: {megabytes(path):.1f} MB, BLEU {score:.2f} ({score - whole:+.2f}) "
            f"on {len(found)}, {len(texts) / min(seconds):.1f} sentences/s",
            flush=True,
        )
        assert score > whole - LOST
