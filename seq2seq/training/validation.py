"""What is measured of a model while it trains."""

from collections.abc import Iterable, Sequence

from seq2seq.evaluation import scores
from seq2seq.generator import Generator


class Validation:
    """Measures loss, accuracy and perplexity over batches, and scores what a generator writes.

    Args:
        batches: (inputs, labels, weights), each once.
        pairs: (source, target) texts that are generated and scored; none for no scores.
        metrics: names of scores, such as "bleu".
    """

    def __init__(
        self,
        trainer,
        batches: Iterable,
        generator: Generator,
        pairs: Sequence[tuple[str, str]],
        metrics: Sequence[str],
    ):
        self.trainer = trainer
        self.batches = batches
        self.generator = generator
        self.pairs = pairs
        self.metrics = metrics

    def __call__(self) -> dict[str, float]:
        """Measures with averaged weights, where training averages."""
        measured = self.trainer.validate(self.batches)
        if self.metrics and self.pairs:
            sources, targets = zip(*self.pairs)
            with self.trainer.averaged():
                found = [found.text for found in self.generator.generate(sources)]
            scored = scores(found, list(targets), self.metrics)
            measured |= {name: score.value for name, score in scored.items()}
        return measured
