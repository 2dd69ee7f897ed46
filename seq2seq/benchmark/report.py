"""Tells what a benchmark has found."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.whole_files import write_whole


def report(result: dict, lines: Iterable[tuple[str, str]], path: Path | None = None) -> None:
    """Prints a table of lines (name, value), and writes the result as JSON where a path is given.

    "-" prints JSON instead of the table. Of several workers the chief alone does.
    """
    if not result.get("chief", True):
        return
    told = json.dumps(result, indent=1)
    if path == Path("-"):
        print(told)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in lines:
        table.add_row(name, Text(value))  # and not markup, should a name hold brackets
    Console(file=sys.stdout, highlight=False).print(table)
    if path is not None:
        write_whole(path, told + "\n")


def machine_lines(result: dict):
    """Yields the lines that every benchmark ends with: memory, size, and what it was made on."""
    for place, peak in result["peak_memory_bytes"].items():
        yield f"peak memory, {place}", f"{peak / 1e6:,.0f} MB"
    yield "parameters", f"{result['parameters']:,}"
    yield "precision", result["precision"]
    yield "devices", "; ".join(result["devices"])
    yield "versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())
