"""Waiting for a metric to get better."""

import math

from seq2seq.training.checkpoints import SMALLER
from seq2seq.training.lasting import Lasting


class Patience(Lasting):
    """Counts rounds without a better metric, and calls `run_out` after so many in a row.

    loss 3.0, 2.0, 2.5, 2.0 with a patience of 2: it runs out at the end of the fourth round. The
    first finite value is the best so far; one that is not finite is never better.

    Args:
        metric: such as "loss" or "bleu", as validation measures it; loss and perplexity are better
            the smaller, all others the larger.
        patience: rounds.
        least_gain: how much better than the best so far a value must be to count.

    Raises:
        ValueError: patience < 1 or least_gain < 0.
    """

    def __init__(self, metric: str, patience: int, least_gain: float = 0.0):
        super().__init__()
        if patience < 1:
            raise ValueError(f"patience = {patience}: choose 1 round or more")
        if not least_gain >= 0:
            raise ValueError(f"least_gain = {least_gain}: choose 0 or more")
        self.metric = metric
        self.patience = patience
        self.least_gain = least_gain
        self.state: dict = {"best": None, "waited": 0}

    def run_out(self) -> None:
        """Does what is to be done when there was no gain in `patience` rounds."""
        raise NotImplementedError

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the metrics of a round.

        Raises:
            ValueError: the metric is not among them.
        """
        name = f"val_{self.metric}"
        if name not in (logs or {}):
            measured = ", ".join(each.removeprefix("val_") for each in logs or {}) or "nothing"
            raise ValueError(
                f"{self.metric} is waited for but was not measured (measured: {measured}): name a "
                "split that the corpus has as `valid` of [training], or another metric"
            )
        if self._better(logs[name]):
            self.state = self.state | {"best": float(logs[name]), "waited": 0}
            return
        self.state = self.state | {"waited": self.state["waited"] + 1}
        if self.state["waited"] >= self.patience:
            self.run_out()

    def _better(self, value: float) -> bool:
        best = self.state["best"]
        if best is None or not math.isfinite(value):
            return math.isfinite(value)
        gain = best - value if self.metric in SMALLER else value - best
        return gain > self.least_gain
