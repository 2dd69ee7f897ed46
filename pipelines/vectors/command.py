"""The command `python -m pipelines vectors`."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


def vectors(
    folder: Annotated[Path, typer.Argument(help="what the command wikipedia wrote")],
    output: Annotated[Path, typer.Option(help="file to write: .txt, .vec, .vec.gz or .bin")],
    kind: Annotated[Literal["word2vec", "fasttext"], typer.Option()] = "word2vec",
    size: Annotated[int, typer.Option(help="numbers in a vector")] = 300,
    window: Annotated[int, typer.Option(help="words on each side that count")] = 5,
    least_count: Annotated[int, typer.Option(help="of a word, to have a vector")] = 5,
    epochs: Annotated[int, typer.Option()] = 5,
    skip_gram: Annotated[bool, typer.Option(help="or continuous bag of words")] = True,
    lower: Annotated[bool, typer.Option(help="read capitals as small letters")] = True,
    seed: Annotated[int, typer.Option(help="of the first numbers")] = 1,
    processes: Annotated[int, typer.Option(help="by default one a core")] = 0,
) -> None:
    """Train word2vec or fastText vectors on prepared Wikipedia."""
    from pipelines.vectors.training import Vectors, train_vectors  # takes seconds to load

    options = Vectors(
        kind=kind,
        size=size,
        window=window,
        least_count=least_count,
        epochs=epochs,
        skip_gram=skip_gram,
        lower=lower,
        seed=seed,
    )
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as display:
        task = display.add_task("", total=None)
        watch = lambda phase, done, total: display.update(
            task, description=phase, completed=done, total=total or None
        )
        processes = processes or len(os.sched_getaffinity(0))
        words = train_vectors(folder, output, options, processes, watch)
    print(f"{words:,} words with {size} numbers each, written to {output}")
