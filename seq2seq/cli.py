"""The command line: a function for each command that `seq2seq --help` lists.

Results go to standard output as plain text, all else to standard error. A mistake is one line on
standard error and exit status 2. TensorFlow is loaded inside the commands, so that help is quick.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from seq2seq.evaluation_command import evaluate
from seq2seq.export_commands import check, export
from seq2seq.generation_commands import generate, score
from seq2seq.lines import read_texts
from seq2seq.options import Changes, Checkpoint, Draft, Joined, JsonFile, Mean, RunFolder, Weights
from seq2seq.program import run_program
from seq2seq.serving_command import serve

RECIPES = Path(__file__).with_name("recipes")

app = typer.Typer(name="seq2seq", add_completion=False)
benchmark = typer.Typer()
app.add_typer(benchmark, name="benchmark")


@app.callback()
def seq2seq(
    debug: Annotated[bool, typer.Option("--debug", help="show where an error comes from")] = False,
) -> None:
    """Train, evaluate and serve sequence-to-sequence models."""


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="a TOML file, or the name of a shipped recipe")],
    run: Annotated[Path, typer.Option(help="folder for checkpoints, logs and results")],
    profile: Annotated[
        int | None,
        typer.Option(metavar="UPDATE", min=1, help="trace 3 updates from this one for TensorBoard"),
    ] = None,
    change: Changes = [],
) -> None:
    """Train a model as a recipe says."""
    path = _recipe_path(recipe)
    load_tensorflow()
    from seq2seq.recipe import Recipe
    from seq2seq.run import Run
    from seq2seq.training.parts import share_between_parts
    from seq2seq.training.step_profile import StepProfile

    share_between_parts()
    callbacks = [] if profile is None else [StepProfile(profile, run / "tensorboard")]
    Run.start(run, Recipe.read(path, change)).train(callbacks)


@app.command()
def average(
    run: RunFolder,
    last: Annotated[int | None, typer.Option(help="so many of the newest checkpoints")] = None,
    best: Annotated[int | None, typer.Option(help="so many of the best")] = None,
    checkpoint: Annotated[list[int], typer.Option(help="a step; may be repeated")] = [],
    name: Annotated[str, typer.Option(help="what the average is called")] = "averaged",
) -> None:
    """Average the weights of checkpoints [all], for other commands' --checkpoint NAME."""
    load_tensorflow()
    from seq2seq.run import Run
    from seq2seq.training.averaging import average, choose

    checkpoints = Run(run).checkpoints
    steps = sorted(set(choose(checkpoints, last, best, checkpoint)))
    print(average(checkpoints, steps, name))
    told = ", ".join(map(str, steps))
    print(f"averaged {told}; use it with --checkpoint {name}", file=sys.stderr)


app.command()(evaluate)
app.command()(generate)
app.command()(score)
app.command()(export)
app.command()(check)
app.command()(serve)


@app.command()
def update_vocabulary(
    run: RunFolder,
    new: Annotated[Path, typer.Argument(metavar="NEW", help="folder of the new run")],
    tokenizers: Annotated[
        Path, typer.Option(help="a run, or a folder that `python -m pipelines vocabulary` made")
    ],
    mode: Annotated[str, typer.Option(help="replace the tokens by these, or merge")] = "replace",
    checkpoint: Checkpoint = "best",
) -> None:
    """Make a new run with other tokenizers: what is known of their tokens is kept."""
    load_tensorflow()
    from seq2seq.update_vocabulary import update_vocabulary

    made = update_vocabulary(run, new, tokenizers, mode, checkpoint)
    print(f"to train it further: seq2seq train {made}/recipe.json --run {made}", file=sys.stderr)


@app.command()
def quickstart(
    run: Annotated[Path, typer.Option(help="folder for checkpoints, logs and results")] = Path(
        "runs/quickstart"
    ),
    minutes: Annotated[
        float | None, typer.Option(help="minutes of training [as the recipe `restore` says]")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--export", help="folder of the exported model; gets a new version")
    ] = Path("saved_models/restore"),
) -> None:
    """Train, score and export a small model on real articles: minutes, no download.

    What an earlier call finished is not done again; after Ctrl-C, the same command goes on.
    """
    # Settings and minutes are for processors, and an export is checked on one.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    load_tensorflow()
    from seq2seq.quickstart import quickstart
    from seq2seq.training.parts import share_between_parts

    share_between_parts()
    quickstart(run, folder, minutes)


@benchmark.command("train")
def benchmark_train(
    recipe: Annotated[str, typer.Argument(help="a TOML file, or the name of a shipped recipe")],
    run: Annotated[
        Path | None, typer.Option(help="run of this recipe, for its records [made for a while]")
    ] = None,
    steps: Annotated[int, typer.Option(help="updates that are timed")] = 20,
    warmup: Annotated[int, typer.Option(help="updates before these")] = 5,
    random: Annotated[
        str | None,
        typer.Option(metavar="ROWSxLENGTH", help="random ids of one shape: needs no corpus"),
    ] = None,
    json_file: JsonFile = None,
    change: Changes = [],
) -> None:
    """Time a recipe's updates: speed, padding, parts of a step, utilisation, memory."""
    path = _recipe_path(recipe)
    load_tensorflow()
    from seq2seq.benchmark.report import report
    from seq2seq.benchmark.training import Shape, benchmark_training
    from seq2seq.benchmark.training_lines import training_lines
    from seq2seq.recipe import Recipe
    from seq2seq.training.parts import share_between_parts

    share_between_parts()
    shape = Shape.read(random) if random else None
    result = benchmark_training(Recipe.read(path, change), run, steps, warmup, shape)
    report(result, training_lines(result), json_file)


@benchmark.command("generate")
def benchmark_generate(
    run: RunFolder,
    source: Annotated[Path, typer.Option("--input", help="source texts, a line each")],
    repeats: Annotated[int, typer.Option(help="how often all of them are generated for")] = 5,
    single: Annotated[int, typer.Option(help="how many are answered one at a time")] = 100,
    json_file: JsonFile = None,
    checkpoint: Checkpoint = "best",
    joined: Joined = [],
    mean: Mean = "arithmetic",
    weight: Weights = [],
    draft: Draft = None,
    change: Changes = [],
) -> None:
    """Time generating: speed, latency, the parts of the time, memory."""
    load_tensorflow()
    from seq2seq.benchmark.generation import benchmark_generation
    from seq2seq.benchmark.generation_lines import generation_lines
    from seq2seq.benchmark.report import report
    from seq2seq.run import Run

    opened = Run(run, change)
    generator = opened.generator(checkpoint, joined, mean, weight, draft=draft)
    result = benchmark_generation(opened, generator, read_texts(source), repeats, single)
    report(result, generation_lines(result), json_file)


@benchmark.command("batch-size")
def benchmark_batch_size(
    recipe: Annotated[str, typer.Argument(help="a TOML file, or the name of a shipped recipe")],
    run: Annotated[
        Path | None, typer.Option(help="run of this recipe, for its records [made for a while]")
    ] = None,
    change: Changes = [],
) -> None:
    """Try batches of growing size: a line of JSON each, speed 0 for one that does not fit."""
    path = _recipe_path(recipe)
    load_tensorflow()
    from seq2seq.benchmark.passing_run import passing_run
    from seq2seq.recipe import Recipe
    from seq2seq.training.parts import share_between_parts

    share_between_parts()
    with passing_run(Recipe.read(path, change), run) as opened:
        for trial in opened.try_batch_sizes():
            print(json.dumps(trial._asdict()), flush=True)


@benchmark.callback()
def measure() -> None:
    """Measure what work costs on this machine."""


@app.command()
def recipes() -> None:
    """List the shipped recipes, with their first lines."""
    for path in sorted(RECIPES.glob("*.toml")):
        with path.open(encoding="utf-8") as file:
            first = file.readline()
        about = first.lstrip("# ").rstrip() if first.startswith("#") else ""
        print(f"{path.stem:<28} {about}".rstrip())


def main(arguments: list[str] | None = None) -> None:
    """Runs the program, by default with what the shell gave it, and exits with its status."""
    run_program(app, sys.argv[1:] if arguments is None else arguments)


def _recipe_path(recipe: str) -> Path:
    for path in (Path(recipe), RECIPES / f"{recipe}.toml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml"))) or "none"
    raise ValueError(f"no recipe {recipe!r}: neither a file nor one that is shipped: {known}")
