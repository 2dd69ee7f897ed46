"""What training by a recipe costs: speed, padding, the parts of a step, utilisation, memory."""

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import tensorflow as tf

from pipelines.vocabulary import Tokenizers, check_section, load_tokenizers
from seq2seq.benchmark import machine
from seq2seq.benchmark.matrix_product import matrix_product_speed
from seq2seq.benchmark.passing_run import passing_run
from seq2seq.benchmark.training_speed import TrainingSpeed
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.distribution import workers
from seq2seq.training.random_batches import random_batches


@dataclass(frozen=True)
class Shape:
    """The shape [rows, length] of random batches, the same on both sides."""

    rows: int
    length: int

    @classmethod
    def read(cls, text: str) -> "Shape":
        """Reads ROWSxLENGTH: "64x24" -> rows 64, length 24.

        Raises:
            ValueError: it is something else.
        """
        rows, _, length = text.partition("x")
        if not (rows.isdecimal() and length.isdecimal() and int(rows) and int(length)):
            raise ValueError(f"{text!r} is no shape: write ROWSxLENGTH, such as 64x24")
        return cls(int(rows), int(length))


class Vocabulary(NamedTuple):
    """Stands for a tokenizer where nothing but its size is asked for."""

    size: int


def benchmark_training(
    recipe: Recipe,
    folder: Path | None = None,
    steps: int = 20,
    warmup: int = 5,
    shape: Shape | None = None,
) -> dict:
    """Times updates with new weights -> plain data, as `seq2seq benchmark train --json` writes it.

    Args:
        folder: of a run of this recipe, for its tokenizers and records; a passing one if None.
            No checkpoint is read or written.
        shape: random ids of this shape, one batch an update, instead of the recipe's corpus, which
            then need not be there.

    Raises:
        ValueError: a number too small, a faulty corpus, or `folder` is of another recipe.
    """
    if steps < 1 or warmup < 0:
        raise ValueError(f"steps = {steps} and warmup = {warmup}: wanted at least 1 and 0")
    with passing_run(recipe, folder) as run:
        run.distribute()
        if shape:
            run.tokenizers = vocabularies(recipe)
        trainer = run.trainer()
        speed = TrainingSpeed(trainer, *_stream(run, trainer, shape))
        measured = speed.measure(steps, warmup)
    memory = machine.peak_memory()  # before the product of large matrices takes its own
    return {
        "recipe": recipe.sections,
        "random": shape and [shape.rows, shape.length],
        "steps": steps,
        "warmup": warmup,
        "accumulate": speed.accumulate,
        **measured,
        **_utilisation(trainer, measured["model_flops_a_second"]),
        "peak_memory_bytes": memory,
        "parameters": sum(math.prod(each.shape) for each in trainer.model.trainable_variables),
        "strategy": recipe.training.strategy,
        "replicas": trainer.strategy.num_replicas_in_sync,
        "workers": workers(trainer.strategy),
        "chief": trainer.strategy.extended.should_checkpoint,
        "precision": recipe.training.precision,
        "devices": machine.devices(),
        "versions": machine.versions(),
    }


def _stream(run: Run, trainer, shape: Shape | None) -> tuple[Iterable, int]:
    """Returns positioned batches, and how many make an update."""
    if shape is None:
        return run.batches(trainer), run.accumulate
    sizes = run.tokenizers.source.size, run.tokenizers.target.size
    count = workers(trainer.strategy)
    rows, replicas = -(-shape.rows // count), trainer.strategy.num_replicas_in_sync // count
    return random_batches(sizes, rows, shape.length, shape.length, replicas), 1


def vocabularies(recipe: Recipe) -> Any:
    """Returns the sizes that a recipe's tokenizers would have, as far as it says them."""
    section = recipe.sections["tokenizer"]
    if section.get("folder"):
        return load_tokenizers(section["folder"])
    kind, options, _ = check_section({key: section[key] for key in section if key != "folder"})
    size = options.get("size", inspect.signature(kind.train).parameters["size"].default)
    return Tokenizers(*[cast(Any, Vocabulary(size))] * 2)


def _utilisation(trainer, flops: float) -> dict:
    """Compares a model's speed with that of products of large matrices, on the same devices."""
    dtype = trainer.model.compute_dtype
    # Replicas on processors share the cores of their machine, which one product keeps busy.
    gpus = len(tf.config.list_logical_devices("GPU"))
    devices = trainer.strategy.num_replicas_in_sync if gpus else workers(trainer.strategy)
    product = matrix_product_speed(dtype) * devices
    return {
        "matrix_product_dtype": dtype,
        "matrix_product_flops_a_second": product,
        "utilisation": flops / product,
    }
