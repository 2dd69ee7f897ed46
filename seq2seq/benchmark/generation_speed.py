"""Times of a generator's work."""

import time
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

import numpy as np
import tensorflow as tf

from pipelines.vocabulary import Tokenizers
from seq2seq.benchmark.stopwatch import Stopwatch
from seq2seq.benchmark.timed import Timed
from seq2seq.generator import Generator
from seq2seq.recipe import Recipe

# Methods of what a generator is made of, and the part that the time of each belongs to.
TOKENIZER = {"tokenize": "tokenize", "detokenize": "detokenize"}
STEPS = {"step": "steps", "look": "steps", "guess": "steps", "read": "steps"}
KEEP = {"begin": "keep", "follow": "keep", "pack": "keep", "rewind": "keep"}
MODEL = {"encode": "encode", **STEPS, **KEEP}
SEARCH = {"__call__": "search"}
PARTS = "tokenize", "encode", "steps", "keep", "search", "detokenize"
PERCENTILES = 50, 95, 99


class GenerationSpeed:
    """Times a generator: all texts in its batches, some of them alone, and the parts of both.

    Args:
        recipe: makes another generator of the same parts, each of which is timed.
        generator: is timed as it is.
        texts: at least one.
    """

    def __init__(self, recipe: Recipe, generator: Generator, texts: Sequence[str]):
        self.generator = generator
        self.texts = list(texts)
        self._watch = Stopwatch(PARTS)
        timed: Any = lambda inner, parts: Timed(inner, parts, self._watch)
        self._timed = recipe.generator(
            Tokenizers(
                timed(generator.source_tokenizer, TOKENIZER),
                timed(generator.target_tokenizer, TOKENIZER),
            ),
            timed(generator.model, MODEL),
        )
        self._timed.search = timed(generator.search, SEARCH)

    def throughput(self, repeats: int) -> dict:
        """Generates for all texts in batches by length, once unseen and then `repeats` times."""
        targets = self._batched(self.generator)[1]
        seconds = [self._batched(self.generator)[0] for _ in range(repeats)]
        tokens = {
            "source": _count(self.generator.source_tokenizer, self.texts),
            "target": _count(self.generator.target_tokenizer, targets),
        }
        middle = median(seconds)
        return {
            "tokens": tokens,
            "seconds": {"median": middle, "least": min(seconds), "most": max(seconds)},
            "sentences_a_second": len(self.texts) / middle,
            "source_tokens_a_second": tokens["source"] / middle,
            "target_tokens_a_second": tokens["target"] / middle,
        }

    def latency(self, count: int) -> dict:
        """Generates for `count` texts, spread over all, one at a time: seconds an answer takes."""
        texts = _spread(self.texts, count)
        self._alone(self.generator, texts[:3])
        seconds = self._alone(self.generator, texts)
        found = {f"p{percent}": float(np.percentile(seconds, percent)) for percent in PERCENTILES}
        return {"texts": len(texts), "mean": mean(seconds), **found, "most": max(seconds)}

    def parts(self, repeats: int, count: int) -> dict:
        """Says where the time goes, of all texts in batches and of some alone.

        Another generator of the same parts is timed, in one piece as always, with the clock read
        where they begin and end (see `Stopwatch`): it took 2 % more processor time.
        """
        texts = _spread(self.texts, count)
        works = {
            "batched": (lambda: self._batched(self._timed)[0], repeats),
            "single": (lambda: sum(self._alone(self._timed, texts)), 1),
        }
        return {kind: self._split(work, repeats) for kind, (work, repeats) in works.items()}

    def _split(self, work, repeats: int) -> dict:
        """Times parts of `work`, which returns its seconds -> {"seconds": by part, "steps": made}.

        They are of the repeat that took the median time. "keep" lets the model's state follow
        hypotheses and leave finished sentences; "search" is the search's own work; "rest" is
        outside all parts.
        """
        work()
        told = []
        for _ in range(repeats):
            self._watch.start()
            whole = work()
            parts = self._watch.seconds()
            parts["search"] -= parts["steps"] + parts["keep"]
            told.append(parts | {"rest": whole - sum(parts.values()), "whole": whole})
        seconds = sorted(told, key=lambda each: each["whole"])[(repeats - 1) // 2]
        return {"seconds": seconds, "steps": self._watch.calls()["steps"]}

    def _batched(self, generator: Generator) -> tuple[float, list[str]]:
        began = time.perf_counter()
        targets = [answer.text for answer in generator.generate(self.texts)]
        return time.perf_counter() - began, targets

    def _alone(self, generator: Generator, texts: Sequence[str]) -> list[float]:
        seconds = []
        for text in texts:
            began = time.perf_counter()
            generator(tf.constant([text]))["text"].numpy()
            seconds.append(time.perf_counter() - began)
        return seconds


def _spread(texts: Sequence[str], count: int) -> Sequence[str]:
    """Takes `count` texts evenly from all: 2 of [a, b, c, d] -> [a, c]."""
    count = min(count, len(texts))
    return [texts[place * len(texts) // count] for place in range(count)]


def _count(tokenizer, texts: Sequence[str]) -> int:
    return int(tf.size(tokenizer.tokenize(tf.constant(texts)).flat_values))
