"""The command that says how good a model's targets are."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from seq2seq.lines import read_pairs
from seq2seq.options import Changes, Checkpoint, Joined, Mean, RunFolder, Weights
from seq2seq.program import text_progress


def evaluate(
    run: RunFolder,
    split: Annotated[str, typer.Option(help="split of the recipe's corpus")] = "test",
    source: Annotated[Path | None, typer.Option(help="source texts, a line each")] = None,
    target: Annotated[Path | None, typer.Option(help="their references, a line each")] = None,
    metric: Annotated[list[str], typer.Option(help="such as bleu; may be repeated")] = [],
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="folder for a page, and JSON, of where it goes wrong"),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="of the report: another run, or a file of its hypotheses")
    ] = None,
    show: Annotated[
        list[int],
        typer.Option(help="of the report: draw this sentence's attention; may be repeated"),
    ] = [],
    comet: Annotated[
        Path | None, typer.Option(help="of the report: a COMET model's .ckpt file")
    ] = None,
    checkpoint: Checkpoint = "best",
    joined: Joined = [],
    mean: Mean = "arithmetic",
    weight: Weights = [],
    change: Changes = [],
) -> None:
    """Score what a model writes against references, and keep the result in RUN."""
    load_tensorflow()
    from seq2seq.evaluation import USUAL, evaluate, write_results
    from seq2seq.run import Run
    from seq2seq.threads import share_between_batches

    if report is None and (compare or show or comet):
        raise ValueError("--compare, --show and --comet are of a report: give --report DIR")
    share_between_batches()
    trained = Run(run, change)
    if source is not None and target is not None:
        split = source.name
        pairs = list(read_pairs(source, target))
    elif source is None and target is None:
        pairs = list(trained.pairs(split))
    else:
        raise ValueError("--source and --target go together: give both files, or a --split")
    generator = trained.generator(checkpoint, joined, mean, weight)
    with text_progress(len(pairs)) as advance:
        result = evaluate(generator, pairs, metric or USUAL, advance)
    for name, (value, signature) in result.scores.items():
        print(f"{name:<16} {value:6.2f}  {signature}")
    print(f"kept in {write_results(run, split, result)}", file=sys.stderr)
    if report is not None:
        from seq2seq.report.writing import ReportOptions, write_report

        options = ReportOptions(compare, show, comet)
        page = write_report(report, trained, generator, pairs, result, options)
        print(f"reported in {page}", file=sys.stderr)
