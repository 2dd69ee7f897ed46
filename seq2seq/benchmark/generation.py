"""What generating with a run costs: speed, latency, the parts of the time, memory."""

import math
from collections.abc import Iterable

from seq2seq.benchmark import machine
from seq2seq.benchmark.generation_speed import GenerationSpeed
from seq2seq.generator import Generator
from seq2seq.run_folder import RunFolder


def benchmark_generation(
    run: RunFolder,
    generator: Generator,
    texts: Iterable[str],
    repeats: int = 5,
    single: int = 100,
) -> dict:
    """Times generating -> plain data, as `seq2seq benchmark generate --json` writes it.

    Args:
        generator: of the run.
        repeats: how often all texts are generated for; figures are medians of these.
        single: how many of the texts are answered one at a time.

    Raises:
        ValueError: no texts, or a number too small.
    """
    texts = list(texts)
    if not texts:
        raise ValueError("there are no texts to generate for: give a file with a text on each line")
    if repeats < 1 or single < 1:
        raise ValueError(f"repeats = {repeats} and single = {single}: wanted at least 1 of each")
    speed = GenerationSpeed(run.recipe, generator, texts)
    measured = {**speed.throughput(repeats), "latency_seconds": speed.latency(single)}
    memory = machine.peak_memory()  # before parts are timed by a graph of their own
    return {
        "run": str(run.folder),
        "search": run.recipe.sections.get("search", {}),
        "generator": run.recipe.sections.get("generator", {}),
        "texts": len(texts),
        "repeats": repeats,
        **measured,
        "parts": speed.parts(repeats, single),
        "peak_memory_bytes": memory,
        "parameters": sum(math.prod(each.shape) for each in generator.model.weights),
        "precision": run.recipe.generator_precision(),
        "devices": machine.devices(),
        "versions": machine.versions(),
    }
