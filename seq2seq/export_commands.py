"""The commands that make models to be served: `export` writes them, `check` looks at them."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from pipelines.whole_files import write_whole
from seq2seq.lines import read_texts
from seq2seq.options import Changes, Checkpoint, Draft, Joined, JsonFile, Mean, RunFolder, Weights

SAMPLES = 8  # source texts that an export is checked with
SOME_TEXTS = ["a", "this is a line of text", "Another, with 2 numbers: 42.", "日本語 élan"]
FAILED = 1  # exit status


def export(
    run: RunFolder,
    folder: Annotated[Path, typer.Argument(help="such as saved_models/NAME; gets a new version")],
    samples: Annotated[
        Path | None, typer.Option(help="texts to check it with, a line each [from the corpus]")
    ] = None,
    signature: Annotated[
        list[str],
        typer.Option(help="beside serving_default, such as nbest; may be repeated [all]"),
    ] = [],
    nbest: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="targets that nbest gives [all that are kept]"),
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="its number [one more than the highest]")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="what the model may be used for, for its README.md")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="instead of TensorFlow: ctranslate2, litert, onnx (FOLDER is new)"),
    ] = None,
    quantization: Annotated[
        str | None,
        typer.Option(help="how weights are kept: int8, bfloat16; others for an engine [float32]"),
    ] = None,
    constants: Annotated[
        bool,
        typer.Option(
            "--constants",
            help="weights as constants of the graphs: a text alone is answered sooner on "
            "processors, and a server takes many times their memory",
        ),
    ] = False,
    checkpoint: Checkpoint = "best",
    joined: Joined = [],
    mean: Mean = "arithmetic",
    weight: Weights = [],
    draft: Draft = None,
    change: Changes = [],
) -> None:
    """Write a checked SavedModel that TensorFlow Serving answers with."""
    if constants and (engine is not None or quantization is not None):
        kept = (
            "weights of --quantization are variables" if engine is None else f"{engine} has its own"
        )
        raise ValueError(f"{kept}: leave out --constants")
    # On the processor, as the process that checks the export: the same sums, to the last digits.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    load_tensorflow()
    from seq2seq.export import export
    from seq2seq.model_card import About
    from seq2seq.run import Run

    trained = Run(run, change)
    texts = list(read_texts(samples)) if samples else _samples(trained)
    if engine is None:
        found = nbest or (1 if draft else trained.recipe.search.kept)
        generator = trained.generator(checkpoint, joined, mean, weight, found, draft)
        if constants:
            from seq2seq.kept_weights.constant_model import constant

            generator = constant(generator)
        if quantization is not None:
            from seq2seq.kept_weights.rounded_model import rounded

            generator = rounded(generator, quantization)
        about = About.read(run, licence)
        print(export(generator, folder, texts, signature, version, about))
    else:
        from seq2seq.engines.engine import make_engine

        generator = trained.generator(checkpoint, joined, mean, weight, draft=draft)
        print(make_engine(engine, quantization).write(generator, folder, texts))


def check(
    folder: Annotated[
        Path, typer.Argument(help="such as saved_models/NAME (its highest version) or .../NAME/1")
    ],
    json_file: JsonFile = None,
) -> None:
    """Check that an exported model can be served, and answers as it did; exit status 1 if not."""
    from seq2seq.export import check

    found = check(folder)
    told = json.dumps(found, indent=1, ensure_ascii=False)
    if json_file == Path("-"):
        print(told)
    else:
        print(*_lines(found), sep="\n")
        if json_file is not None:
            write_whole(json_file, f"{told}\n")
    if not found["passed"]:
        raise typer.Exit(FAILED)


def _lines(report: dict):
    """Yields the lines of a check's report."""
    said = lambda passed: "passed" if passed else "FAILED"
    for one in report["checks"]:
        yield f"{said(one['passed'])}  {one['name']:<10}  {one['about']}"
        yield from (f"        {problem}" for problem in one["problems"])
    yield f"{said(report['passed'])}  {report['version']}"


def _samples(run) -> list[str]:
    """Takes source texts of the run's corpus, of a held-out split where it has one."""
    try:
        splits = run.corpus.splits()
        split = next((name for name in ("valid", "test") if name in splits), splits[0])
        return [source for source, _ in islice(run.pairs(split), SAMPLES)]
    except (ValueError, OSError):  # the run is all that is needed: its corpus may be elsewhere
        return SOME_TEXTS
