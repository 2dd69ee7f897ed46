"""The command line of the pipelines: `python -m pipelines`, then the name of a command."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from pipelines.vectors.command import vectors
from pipelines.wikipedia.command import wikipedia

app = typer.Typer(
    name="python -m pipelines",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Changes = Annotated[
    list[str], typer.Option("--set", help="change an option: --set tokenizer.size=4000")
]


@app.callback()
def pipelines() -> None:
    """Prepare text for training."""


app.command()(wikipedia)
app.command()(vectors)


@app.command()
def inspect(
    folder: Annotated[Path, typer.Argument(help="what the command wikipedia wrote")],
    split: Annotated[str, typer.Option(help="split to look at")] = "train",
    samples: Annotated[int, typer.Option(min=0, help="paragraphs to show")] = 5,
    seed: Annotated[int, typer.Option(help="of the choice of samples")] = 0,
    tokenizer: Annotated[
        Path | None, typer.Option(help="folder of tokenizers whose unknown pieces to count")
    ] = None,
) -> None:
    """Show what prepared Wikipedia holds: counts, lengths, samples, residue of markup."""
    if tokenizer:
        load_tensorflow()
    from pipelines.inspection import inspect

    inspect(folder, split, samples, seed, tokenizer)


@app.command()
def vocabulary(
    recipe: Annotated[Path, typer.Argument(help="TOML file with [corpus] and [tokenizer]")],
    output: Annotated[Path, typer.Option(help="folder to write; must not be there yet")],
    changes: Changes = [],
) -> None:
    """Train the tokenizers of a recipe on its corpus."""
    load_tensorflow()  # here, since it takes seconds that help should not take
    from pipelines.vocabulary import make_vocabulary

    tokenizers = make_vocabulary(recipe, output, changes)
    for side, tokenizer in zip(["source", "target"], tokenizers):
        print(f"{side}: {type(tokenizer).__name__}, {tokenizer.size} ids")
    print(f"{'shared' if tokenizers.shared else 'separate'}, written to {output}")


@app.command()
def peek(
    recipe: Annotated[Path, typer.Argument(help="TOML file with [corpus] and [tokenizer]")],
    changes: Changes = [],
    split: Annotated[str, typer.Option(help="split of the corpus to look at")] = "train",
    lines: Annotated[int, typer.Option(min=1, help="most pairs to read of a split")] = 20_000,
    examples: Annotated[int, typer.Option(min=0, help="pairs to show")] = 3,
    batches: Annotated[int, typer.Option(min=1, help="batches to make and measure")] = 200,
) -> None:
    """Show examples and their tokens, what is left out, and how full batches are."""
    load_tensorflow()
    from pipelines.peek import Amounts, peek

    peek(recipe, changes, split, Amounts(lines=lines, examples=examples, batches=batches))


def main() -> None:
    """Runs a command; a mistake in the input is one line on standard error and exit status 2."""
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
