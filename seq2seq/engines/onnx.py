"""ONNX: a format that many engines read, ONNX Runtime first."""

import dataclasses
from pathlib import Path
from typing import ClassVar, Literal

from seq2seq.engines.engine import require
from seq2seq.engines.host_steps.step_engine import StepEngine
from seq2seq.engines.host_steps.step_functions import Sizes, StepFunctions
from seq2seq.engines.host_steps.step_generator import StepGenerator
from seq2seq.generator import Generator

OPSET = 17  # of 2022; ONNX Runtime reads it since 1.12


@dataclasses.dataclass(frozen=True)
class Onnx(StepEngine):
    """Writes encode.onnx and step.onnx, of any number of sentences, ids and hypotheses.

    Args:
        quantization: how weights are stored: "int8", and multiplied so; "none" is float32.
    """

    name: ClassVar[str] = "ONNX"
    suffix: ClassVar[str] = "onnx"
    quantization: Literal["none", "int8"] = "none"

    def require(self) -> None:
        for module in ("onnxruntime", "tf2onnx"):
            require(module, "onnx")

    def sizes(self, generator: Generator, hypotheses: int, cached: bool) -> Sizes:
        return Sizes()

    def convert(self, functions: StepFunctions, name: str) -> bytes:
        from seq2seq.engines.onnx_model.conversion import converted, quantized

        model = converted(functions.traced(name), OPSET)
        return model.SerializeToString() if self.quantization == "none" else quantized(model)

    def open(self, folder: Path) -> StepGenerator:
        from seq2seq.engines.onnx_model.onnx_generator import OnnxGenerator

        return OnnxGenerator(folder)
