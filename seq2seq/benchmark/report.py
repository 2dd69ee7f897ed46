"""Tells what a benchmark has found."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.whole_files import write_whole


def report(result: dict, path: Path | None = None) -> None:
    """Prints a table, and writes JSON too where a path is given; "-" prints JSON instead.

    Of several workers the chief alone does.
    """
    if not result["chief"]:
        return
    told = json.dumps(result, indent=1)
    if path == Path("-"):
        print(told)
        return
    _show(result, Console(file=sys.stdout, highlight=False))
    if path is not None:
        write_whole(path, told + "\n")


def _show(result: dict, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in _lines(result):
        table.add_row(name, Text(value))  # and not markup, should a name hold brackets
    console.print(table)


def _lines(result: dict):
    step, padding = result["step_seconds"], result["padding"]
    yield "target tokens a second", f"{result['target_tokens_a_second']:,.0f} (padding not counted)"
    yield "  median of the steps' own", f"{result['target_tokens_a_second_median']:,.0f}"
    yield "source tokens a second", f"{result['source_tokens_a_second']:,.0f}"
    sides = " · ".join(f"{side} {share:.1%}" for side, share in padding.items())
    yield "share of padding", sides
    yield "step, median", f"{1e3 * step['median']:,.1f} ms"
    parts = {"input": "input", "forward_backward": "forward and backward", "update": "update"}
    for name, shown in parts.items():
        yield f"  {shown}", f"{1e3 * step[name]:,.1f} ms"
    yield "batches in an update", f"{result['accumulate']}"
    yield from _machine_lines(result)


def _machine_lines(result: dict):
    product, dtype = result["matrix_product_flops_a_second"], result["matrix_product_dtype"]
    yield "model's operations", f"{result['model_flops_a_second'] / 1e9:,.1f} GFLOP/s"
    share = f"{result['utilisation']:.1%} of the measured matrix-product speed"
    yield "  utilisation", share
    yield "  matrix products", f"{product / 1e9:,.0f} GFLOP/s in {dtype}"
    for place, peak in result["peak_memory_bytes"].items():
        yield f"peak memory, {place}", f"{peak / 1e6:,.0f} MB"
    yield "parameters", f"{result['parameters']:,}"
    first, *others = result["shapes"]
    shape = "rows {rows}, source {source}, target {target}".format(**first)
    yield "shapes seen", f"{1 + len(others)}; most often {shape}"
    kind = f"{result['strategy']}, {result['replicas']} replicas, {result['workers']} workers"
    yield "strategy", kind
    yield "precision", result["precision"]
    yield "devices", "; ".join(result["devices"])
    yield "versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())
