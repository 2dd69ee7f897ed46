"""Times of a trainer's updates."""

import itertools
import math
import time
from collections.abc import Iterable
from statistics import median

from seq2seq.benchmark.counted_batches import CountedBatches
from seq2seq.benchmark.model_flops import ModelFlops
from seq2seq.training.trainer import Trainer


class TrainingSpeed:
    """Times updates over a stream of batches.

    Updates are first timed whole, as training makes them: speed is computed from these. Then as
    many are made piece by piece, waiting for the end of each, for the share of the pieces alone.

    Args:
        batches: endless (position [2], inputs, labels, weights).
        accumulate: batches in an update.
    """

    def __init__(self, trainer: Trainer, batches: Iterable, accumulate: int = 1):
        self.trainer = trainer
        self.batches = iter(batches)
        self.accumulate = accumulate

    def measure(self, steps: int, warmup: int) -> dict:
        """Makes `warmup` updates that are not looked at, then `steps` whole ones, then as many.

        Returns plain data: speeds, padding, step_seconds, shapes, and the operations a second.
        """
        for _ in range(warmup):
            self.trainer.update(self._next())
        counted = CountedBatches()
        waits, seconds, tokens = zip(*(self._whole(counted) for _ in range(steps)))
        forward_backward, update = zip(*(self._pieces() for _ in range(steps)))
        # A worker sees its own rows alone; the trainer knows how many tokens all of them had.
        workers = sum(tokens) / max(1, counted.tokens()["target"])
        flops = ModelFlops(self.trainer.model).training(*counted.rows()) * workers
        total = sum(seconds)
        return {
            "target_tokens_a_second": sum(tokens) / total,
            "target_tokens_a_second_median": median(n / s for n, s in zip(tokens, seconds)),
            "source_tokens_a_second": counted.tokens()["source"] * workers / total,
            "padding": counted.padding(),
            "step_seconds": {
                "median": median(seconds),
                "input": median(waits),
                "forward_backward": median(forward_backward),
                "update": median(update),
            },
            "model_flops_a_second": flops / total,
            "shapes": list(counted.most_common()),
        }

    def _next(self) -> list:
        """Waits for the batches of an update."""
        return [batch for _, *batch in itertools.islice(self.batches, self.accumulate)]

    def _whole(self, counted) -> tuple[float, float, float]:
        """Makes an update -> (seconds of waiting for its batches, seconds of all, its tokens)."""
        began = time.perf_counter()
        batches = self._next()
        waited = time.perf_counter() - began
        told = self.trainer.update(batches)
        seconds = time.perf_counter() - began
        for batch in batches:
            counted.count(*batch)
        return waited, seconds, told.tokens

    def _pieces(self) -> tuple[float, float]:
        """Makes an update -> (seconds of forward and backward passes, seconds of the rest)."""
        trainer, batches = self.trainer, self._next()
        began = time.perf_counter()
        total = trainer.passes(batches)
        for each in trainer.strategy.experimental_local_results(total[-1]):
            each.numpy()
        gathered = time.perf_counter()
        gradients, _, tokens, norm = trainer.reduce(total)
        trainer.apply(gradients, tokens, norm)
        # Reading a weight waits for it to be written.
        smallest = min(
            trainer.model.trainable_variables, key=lambda weight: math.prod(weight.shape)
        )
        smallest.numpy()
        return gathered - began, time.perf_counter() - gathered
