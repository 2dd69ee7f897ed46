"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="folder that `train` made")]
Checkpoint = Annotated[str, typer.Option(help="which weights: best, last, a step, or an average")]
Changes = Annotated[
    list[str], typer.Option("--set", metavar="a.b=c", help="change a value of the recipe")
]
Output = Annotated[Path | None, typer.Option(help="file to write [standard output]")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="file for JSON too; - prints JSON alone"),
]

# Of ensembles; a command gives all three to `Run.generator`.
Joined = Annotated[
    list[str],
    typer.Option(
        "--with",
        metavar="RUN[@CHECKPOINT]",
        help="join this run's model in an ensemble; may be repeated",
    ),
]
Mean = Annotated[
    Literal["arithmetic", "geometric"],
    typer.Option(help="how an ensemble's distributions are averaged"),
]
Draft = Annotated[
    str | None,
    typer.Option(
        metavar="RUN[@CHECKPOINT]",
        help="let this run's small model guess ahead: greedy search, several ids a step",
    ),
]
Weights = Annotated[
    list[float],
    typer.Option("--weight", help="of each model of an ensemble, RUN's first [all equal]"),
]
