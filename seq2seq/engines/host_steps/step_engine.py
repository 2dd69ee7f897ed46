"""The contract of an engine that computes a model's two functions."""

import abc
import json
from pathlib import Path
from typing import ClassVar

from pipelines.vocabulary import save_tokenizers
from seq2seq.engines.engine import (
    Engine,
    limits_of,
    new_folder,
    require_same_scores,
    tokenizers_of,
)
from seq2seq.engines.host_steps.layouts import Layout, layout_of
from seq2seq.engines.host_steps.saved_search import hypotheses_of, search_section
from seq2seq.engines.host_steps.step_functions import Sizes, StepFunctions
from seq2seq.engines.host_steps.step_generator import FILE, StepGenerator
from seq2seq.generator import Generator

FUNCTIONS = ("encode", "step")


class StepEngine(Engine):
    """Writes a model's functions, tokenizers, and generator.json, which says what goes where.

    Attributes:
        name: what the engine is called.
        suffix: of its files.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    quantization: str = "none"

    def write(self, generator: Generator, folder: Path, samples: list[str]) -> Path:
        self.require()
        layout = layout_of(generator.model, self.name)
        self._require_known(generator)
        section = search_section(generator.search)
        hypotheses = hypotheses_of(generator.search, layout.model.target_vocabulary)
        sizes = self.sizes(generator, hypotheses, bool(layout.cache()))
        with new_folder(folder) as unfinished:
            functions = StepFunctions(layout, sizes)
            for name in FUNCTIONS:
                path = unfinished / f"{name}.{self.suffix}"
                path.write_bytes(self.convert(functions, name))
            save_tokenizers(tokenizers_of(generator), unfinished / "tokenizers")
            described = self._describe(layout, functions, sizes) | {
                "search": section,
                "limits": limits_of(generator),
            }
            (unfinished / FILE).write_text(json.dumps(described, indent=1) + "\n")
            exact = self.quantization == "none"
            require_same_scores(self.name, generator, self.open(unfinished), samples, exact)
        return folder

    @abc.abstractmethod
    def require(self) -> None:
        """Checks that the engine is installed.

        Raises:
            ValueError: it is not.
        """

    @abc.abstractmethod
    def sizes(self, generator: Generator, hypotheses: int, cached: bool) -> Sizes:
        """Says which sizes are fixed; `cached`: what is said is kept in entries."""

    @abc.abstractmethod
    def convert(self, functions: StepFunctions, name: str) -> bytes:
        """Converts the function "encode" or "step" to the engine's file."""

    @abc.abstractmethod
    def open(self, folder: Path) -> StepGenerator:
        """Answers from a folder that was written."""

    def _require_known(self, generator: Generator) -> None:
        if generator.replace_unknown:
            raise ValueError(
                f"{self.name} is not asked for attention where texts are spelt: use --set "
                "generator.replace_unknown=false, or export for TensorFlow Serving"
            )
        if generator.model.compute_dtype != "float32":
            raise ValueError(
                f"{self.name} is given float32, and the model computes in "
                f"{generator.model.compute_dtype}: use --set generator.precision=float32"
            )

    def _describe(self, layout: Layout, functions: StepFunctions, sizes: Sizes) -> dict:
        inputs = {
            name: {each: [spec.dtype.name, *spec.shape] for each, spec in specs.items()}
            for name, specs in functions.inputs.items()
        }
        named = {"engine": type(self).__module__.rpartition(".")[2]}
        return named | {"inputs": inputs, "sizes": sizes._asdict(), "cache": layout.cache()}
