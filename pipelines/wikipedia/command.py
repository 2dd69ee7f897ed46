"""The command `python -m pipelines wikipedia`."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.wikipedia.display import Display
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
from pipelines.wikipedia.shards import Compression, Kind, Shards


def wikipedia(
    dump: Annotated[
        Path, typer.Argument(help="pages-articles dump: .xml, .bz2, .7z, .gz, .xz, .zst")
    ],
    output: Annotated[Path, typer.Option(help="folder to write; unfinished work is gone on with")],
    processes: Annotated[int, typer.Option(help="by default one a core")] = 0,
    language: Annotated[str, typer.Option(help="of the text; by default what the dump says")] = "",
    limit: Annotated[int, typer.Option(help="articles to keep; 0 keeps all")] = 0,
    seed: Annotated[int, typer.Option(help="of the random order of the articles")] = 0,
    valid: Annotated[float, typer.Option(help="share of articles kept for validation")] = 0.05,
    test: Annotated[float, typer.Option(help="share of articles kept for testing")] = 0.05,
    kind: Annotated[Kind, typer.Option(help="of shards")] = "json_lines",
    compression: Annotated[Compression, typer.Option(help="of shards")] = "zst",
    shard_size: Annotated[float, typer.Option(help="MB of text a shard, uncompressed")] = 64,
    shards: Annotated[int, typer.Option(help="of training; 0 leaves it to --shard-size")] = 0,
) -> None:
    """Turn a dump into shards of clean, sentence-split articles.

    Killed or stopped, the same command goes on, and ends with the same bytes.
    """
    preparation = Preparation(
        language=language,
        limit=limit,
        seed=seed,
        held_out=HeldOut(valid=valid, test=test),
        shards=Shards(kind, compression, shard_size, shards),
    )
    there = output.exists()
    with Display(Console(stderr=True)) as display:
        try:
            cores = len(os.sched_getaffinity(0))
            manifest = prepare(dump, output, preparation, processes or cores, display)
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on", err=True)
            raise typer.Exit(130) from None
    if there:
        print(f"nothing to do: {output} is there already")
    _print_counts(manifest)
    if not manifest["complete"]:
        typer.echo(f"error: {manifest['damage']}; what was before is in {output}", err=True)
        raise typer.Exit(1)


def _print_counts(manifest: dict[str, Any]) -> None:
    for group, numbers in manifest["counts"].items():
        print(f"{group}: " + ", ".join(f"{count:,} {name}" for name, count in numbers.items()))
    for split, numbers in manifest["splits"].items():
        amounts = (f"{numbers[name]:,} {name}" for name in ("articles", "paragraphs", "sentences"))
        print(f"{split}: {', '.join(amounts)} in {len(numbers['files'])} shards")
