"""The commands that give targets for texts: `generate` writes them, `score` is given them."""

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from seq2seq.lines import one_line, read_texts, writing
from seq2seq.options import Changes, Checkpoint, Draft, Joined, Mean, Output, RunFolder, Weights
from seq2seq.program import text_progress

Details = Annotated[
    bool,
    typer.Option(
        "--details",
        help="JSON lines with the pieces, their log-probabilities, alignment and attention",
    ),
]


def generate(
    run: RunFolder,
    source: Annotated[
        Path | None, typer.Option("--input", help="source texts, a line each [standard input]")
    ] = None,
    output: Output = None,
    nbest: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="JSON lines with the N best and their scores"),
    ] = None,
    details: Details = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="write each word as it is found, greedily where the search is a beam"
        ),
    ] = False,
    checkpoint: Checkpoint = "best",
    joined: Joined = [],
    mean: Mean = "arithmetic",
    weight: Weights = [],
    draft: Draft = None,
    change: Changes = [],
) -> None:
    """Write the target of each source text, a line each, in order.

    A JSON line is {"source", "hypotheses": [{"text", "score"}]}; with --details it has
    "source_pieces" too, and each hypothesis "pieces", "log_probabilities", "alignment" (from source
    to target pieces, as Pharaoh wrote it) and "attention", a row for each piece.
    """
    load_tensorflow()
    from seq2seq.run import Run
    from seq2seq.threads import share_between_batches

    if stream and (nbest or details):
        raise ValueError("--stream tells text alone: leave out --nbest and --details")
    # People who type want the answer before they type the next; else, many texts share a batch.
    talking = source is None and sys.stdin.isatty()
    if not (talking or stream):
        share_between_batches()
    generator = Run(run, change).generator(checkpoint, joined, mean, weight, nbest, draft)
    groups = ([text] for text in read_texts(None)) if talking else [read_texts(source)]
    with writing(output) as file, text_progress(shown=output is not None) as advance:
        for texts in groups:
            if stream:
                parts = _streamed(generator, texts, advance)
            elif nbest or details:
                parts = _json_lines(generator, texts, advance, details)
            else:
                parts = (f"{one_line(one.text)}\n" for one in generator.generate(texts, advance))
            for part in parts:
                print(part, end="", file=file, flush=stream)


def score(
    run: RunFolder,
    source: Annotated[Path, typer.Option(help="source texts, a line each")],
    target: Annotated[Path, typer.Option(help="targets to be scored, a line each")],
    output: Output = None,
    details: Details = False,
    checkpoint: Checkpoint = "best",
    joined: Joined = [],
    mean: Mean = "arithmetic",
    weight: Weights = [],
    change: Changes = [],
) -> None:
    """Write the log-probability of each target given its source, a line each.

    With --details, JSON lines as those of `generate`, where the one hypothesis is the target.
    """
    load_tensorflow()
    from seq2seq.run import Run
    from seq2seq.threads import share_between_batches

    share_between_batches()
    generator = Run(run, change).generator(checkpoint, joined, mean, weight)
    with writing(output) as file, text_progress(shown=output is not None) as advance:
        if details:
            sources, read = itertools.tee(read_texts(source))
            explained = generator.explain(sources, read_texts(target), advance)
            for found, text in zip(explained, read):
                print(_json_line(text, [found]), end="", file=file)
        else:
            for value in generator.score(read_texts(source), read_texts(target), advance):
                print(f"{value:.4f}", file=file)


def _streamed(generator, texts: Iterable[str], advance) -> Iterator[str]:
    for text in texts:
        yield from map(one_line, generator.stream(text))
        yield "\n"
        advance(1)


def _json_lines(generator, texts: Iterable[str], advance, details: bool) -> Iterator[str]:
    texts, sources = itertools.tee(texts)
    # What raises comes first, since zip ends with the first that does.
    for found, source in zip(generator.generate_nbest(texts, advance, details), sources):
        yield _json_line(source, found)


def _json_line(source: str, found: list) -> str:
    told: dict = {"source": source}
    if found[0].details:
        told["source_pieces"] = found[0].details.source
    told["hypotheses"] = [one.as_dict() for one in found]
    return json.dumps(told, ensure_ascii=False) + "\n"
