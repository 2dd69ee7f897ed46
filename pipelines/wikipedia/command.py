"""The command `python -m pipelines wikipedia`."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.wikipedia.display import Display
from pipelines.wikipedia.download import download, is_remote
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
from pipelines.wikipedia.progress import Progress
from pipelines.wikipedia.quality import read_block_list
from pipelines.wikipedia.shards import Compression, Kind, Shards
from pipelines.wikipedia.unfinished import Unfinished

SOURCE = "dump (.xml.bz2 ...), URL, enwiki@latest, .jsonl, folder of .txt, or tfds:wiki40b/en"
Changes = Annotated[
    list[str],
    typer.Option("--set", help="option of quality, personal or duplicates: quality.least_words=3"),
]


def wikipedia(
    dump: Annotated[str, typer.Argument(help=SOURCE)],
    output: Annotated[Path, typer.Option(help="folder to write; unfinished work is gone on with")],
    processes: Annotated[int, typer.Option(help="by default one a core")] = 0,
    downloads: Annotated[str, typer.Option(help="folder; by default that of the output")] = "",
    language: Annotated[str, typer.Option(help="of the text; by default what the dump says")] = "",
    limit: Annotated[int, typer.Option(help="articles to keep; 0 keeps all")] = 0,
    seed: Annotated[int, typer.Option(help="of the random order of the articles")] = 0,
    valid: Annotated[float, typer.Option(help="share of articles kept for validation")] = 0.05,
    test: Annotated[float, typer.Option(help="share of articles kept for testing")] = 0.05,
    kind: Annotated[Kind, typer.Option(help="of shards")] = "json_lines",
    compression: Annotated[Compression, typer.Option(help="of shards")] = "zst",
    shard_size: Annotated[float, typer.Option(help="MB of text a shard, uncompressed")] = 32,
    shards: Annotated[int, typer.Option(help="of training; 0 leaves it to --shard-size")] = 0,
    runner: Annotated[str, typer.Option(help="of Apache Beam: FlinkRunner, SparkRunner ...")] = "",
    runner_option: Annotated[list[str], typer.Option(help="such as flink_master=host:8081")] = [],
    block_list: Annotated[Path | None, typer.Option(help="words and phrases, one a line")] = None,
    changes: Changes = [],
) -> None:
    """Turn a dump into shards of clean, sentence-split articles.

    Killed or stopped, the same command goes on, and ends with the same bytes.
    """
    if block_list:
        changes = [*changes, f"quality.blocked={json.dumps(read_block_list(block_list))}"]
    preparation = Preparation.changed(
        changes,
        language=language,
        limit=limit,
        seed=seed,
        held_out=HeldOut(valid=valid, test=test),
        shards=Shards(kind, compression, shard_size, shards),
    )
    there = output.exists()
    processes = processes or len(os.sched_getaffinity(0))
    with Display(Console(stderr=True)) as display:
        try:
            path = _local(dump, Path(downloads) if downloads else output.parent, output, display)
            if runner:
                manifest = _with_beam(path, output, preparation, runner, runner_option)
            else:
                manifest = prepare(path, output, preparation, processes, display)
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on", err=True)
            raise typer.Exit(130) from None
    if there:
        print(f"nothing to do: {output} is there already")
    _print_counts(manifest)
    if not manifest["complete"]:
        typer.echo(f"error: {manifest['damage']}; what was before is in {output}", err=True)
        raise typer.Exit(1)


def _local(dump: str, folder: Path, output: Path, display: Display) -> Path:
    """Returns the path of a dump, which is downloaded if it is not a file."""
    if not is_remote(dump):
        return Path(dump)
    # There may be a newer one by now, but what was begun is gone on with.
    begun = Unfinished.dump(output)
    wiki, _, date = dump.partition("@")
    if date == "latest" and begun.startswith(f"{wiki}-") and (folder / begun).is_file():
        return folder / begun
    watch = lambda done, total: display(Progress("downloading", done, total))
    return download(dump, folder, watch=watch)


def _with_beam(
    dump: Path, output: Path, preparation: Preparation, runner: str, options: list[str]
) -> dict[str, Any]:
    try:
        from pipelines.wikipedia.beam_preparation import prepare_with_beam
    except ModuleNotFoundError as error:
        hint = "pip install 'keras-seq2seq[beam]'"
        raise ValueError(f"--runner needs Apache Beam ({error}): {hint}") from None
    arguments = [f"--{option}" for option in options]
    return prepare_with_beam(dump, output, preparation, runner, arguments)


def _print_counts(manifest: dict[str, Any]) -> None:
    for group, numbers in manifest["counts"].items():
        print(f"{group}: " + ", ".join(f"{count:,} {name}" for name, count in numbers.items()))
    for split, numbers in manifest["splits"].items():
        amounts = (f"{numbers[name]:,} {name}" for name in ("articles", "paragraphs", "sentences"))
        print(f"{split}: {', '.join(amounts)} in {len(numbers['files'])} shards")
