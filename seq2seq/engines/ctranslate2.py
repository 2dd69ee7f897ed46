"""CTranslate2: an engine in C++ for processors and GPUs."""

import dataclasses
import json
import math
import shutil
import uuid
from pathlib import Path
from typing import Literal

from pipelines.vocabulary import Tokenizers, save_tokenizers
from seq2seq.engines.engine import Engine, require
from seq2seq.generator import Generator

TOLERANCE = 1e-3  # of a log-probability, relative; other sums of float32 differ by less


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
        from seq2seq.engines.ctranslate2_model.search_options import search_section
        from seq2seq.engines.ctranslate2_model.specification import specification

        if folder.exists():
            raise ValueError(f"{folder} is there already: name a new folder")
        if generator.replace_unknown:
            raise ValueError("CTranslate2 shows no attention to all: leave replace_unknown off")
        tokenizers = Tokenizers(generator.source_tokenizer, generator.target_tokenizer)
        settings = {
            "search": search_section(generator.search),
            "max_source": generator.max_source,
            "ratio": generator.ratio,
            "margin": generator.margin,
            "max_target": generator.max_target,
        }
        specified = specification(generator, tokenizers)
        specified.optimize(None if self.quantization == "none" else self.quantization)
        unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:12]}")
        unfinished.mkdir(parents=True)
        try:
            specified.save(str(unfinished))
            save_tokenizers(tokenizers, unfinished / "tokenizers")
            (unfinished / "generator.json").write_text(json.dumps(settings, indent=1) + "\n")
            self._check(generator, unfinished, samples)
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        return folder

    def _check(self, generator: Generator, folder: Path, samples: list[str]) -> None:
        from seq2seq.engines.ctranslate2_model.ctranslate2_generator import CTranslate2Generator

        targets = [answer.text for answer in generator.generate(samples)]
        ours = generator.score(samples, targets)
        theirs = CTranslate2Generator(folder).score(samples, targets)
        for sample, *scores in zip(samples, ours, theirs, strict=True):
            # Rounded weights do not score alike.
            close = math.isclose(*scores, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
            if not math.isfinite(scores[1]) or self.quantization == "none" and not close:
                raise ValueError(
                    f"not written: for {sample[:80]!r} CTranslate2 gives the log-probability "
                    f"{scores[1]} where this project gives {scores[0]}"
                )
