"""LiteRT, once TensorFlow Lite: an engine for phones, browsers and small computers."""

import dataclasses
import tempfile
from pathlib import Path
from typing import ClassVar, Literal

import tensorflow as tf

from seq2seq.engines.engine import require
from seq2seq.engines.host_steps.step_engine import StepEngine
from seq2seq.engines.host_steps.step_functions import Sizes, StepFunctions
from seq2seq.engines.host_steps.step_generator import StepGenerator
from seq2seq.generator import Generator


@dataclasses.dataclass(frozen=True)
class LiteRT(StepEngine):
    """Writes encode.tflite and step.tflite, of one sentence and sizes that are fixed.

    They use LiteRT's own operations only, so every build of it runs them. A source has
    `generator.max_source` ids and a target's room is the most that it may have: the smaller these
    are, the quicker. Hypotheses are as many as the search follows.

    Args:
        quantization: how weights are stored: "int8" with a scale for each channel, and multiplied
            so; "float16", and multiplied in float32; "none" is float32.
    """

    name: ClassVar[str] = "LiteRT"
    suffix: ClassVar[str] = "tflite"
    quantization: Literal["none", "int8", "float16"] = "none"

    def require(self) -> None:
        require("ai_edge_litert.interpreter", "litert")

    def sizes(self, generator: Generator, hypotheses: int, cached: bool) -> Sizes:
        longest = int(generator.ratio * generator.max_source) + generator.margin
        room = hypotheses * min(longest, generator.max_target)
        return Sizes(1, generator.max_source, hypotheses, room if cached else 0)

    def convert(self, functions: StepFunctions, name: str) -> bytes:
        traced = functions.traced(name)
        kept = tf.Module()
        kept.weights = list(traced.graph.variables)
        with tempfile.TemporaryDirectory() as folder:
            # Gradients are for training, and not all of them can be written.
            options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
            tf.saved_model.save(kept, folder, {name: traced}, options)
            converter = tf.lite.TFLiteConverter.from_saved_model(folder, [name])
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
            if self.quantization != "none":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if self.quantization == "float16":
                converter.target_spec.supported_types = [tf.float16]
            return converter.convert()

    def open(self, folder: Path) -> StepGenerator:
        from seq2seq.engines.litert_model.litert_generator import LiteRTGenerator

        return LiteRTGenerator(folder)
