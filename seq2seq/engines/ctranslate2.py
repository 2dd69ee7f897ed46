"""CTranslate2: an engine in C++ for processors and GPUs."""

import dataclasses
import json
from pathlib import Path
from typing import Literal

from pipelines.vocabulary import save_tokenizers
from seq2seq.engines.engine import (
    Engine,
    limits_of,
    new_folder,
    require,
    require_same_scores,
    tokenizers_of,
)
from seq2seq.generator import Generator


@dataclasses.dataclass(frozen=True)
class CTranslate2(Engine):
    """Writes Transformers of any kind that CTranslate2 knows, with tokenizers and search.

    `CTranslate2Generator` answers from the folder as the generator does; so does the engine's own
    `Translator`, given the pieces of a text and the END piece.

    Args:
        quantization: how weights are stored, and multiplied where the processor can: "none" is
            float32.
    """

    quantization: Literal["none", "int8", "int16", "float16"] = "none"

    def write(self, generator: Generator, folder: Path, samples: list[str]) -> Path:
        require("ctranslate2", "ctranslate2")
        from seq2seq.engines.ctranslate2_model.ctranslate2_generator import CTranslate2Generator
        from seq2seq.engines.ctranslate2_model.search_options import search_section
        from seq2seq.engines.ctranslate2_model.specification import specification

        if generator.replace_unknown:
            raise ValueError("CTranslate2 shows no attention to all: leave replace_unknown off")
        tokenizers = tokenizers_of(generator)
        settings = {"search": search_section(generator.search)} | limits_of(generator)
        with new_folder(folder) as unfinished:
            specified = specification(generator, tokenizers)
            specified.optimize(None if self.quantization == "none" else self.quantization)
            specified.save(str(unfinished))
            save_tokenizers(tokenizers, unfinished / "tokenizers")
            (unfinished / "generator.json").write_text(json.dumps(settings, indent=1) + "\n")
            written, exact = CTranslate2Generator(unfinished), self.quantization == "none"
            require_same_scores("CTranslate2", generator, written, samples, exact)
        return folder
