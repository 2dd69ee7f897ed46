"""A learning rate that follows a metric."""

from seq2seq.training.patience import Patience
from seq2seq.training.schedules import rescale


class LowerOnPlateau(Patience):
    """Lowers the rate by `factor` after each `patience` rounds without a better metric.

    factor 0.5 and least 0.2: the rate is multiplied by 1, 0.5, 0.25, 0.2 and stays there. The
    optimizer's rate must be `Scaled`.

    Raises:
        ValueError: factor or least not from 0 to 1; else as `Patience`.
    """

    name = "lower_on_plateau"

    def __init__(
        self,
        metric: str,
        patience: int,
        factor: float = 0.5,
        least: float = 0.01,
        least_gain: float = 0.0,
    ):
        super().__init__(metric, patience, least_gain)
        if not (0 < factor < 1 and 0 <= least <= 1):
            raise ValueError(f"factor = {factor}, least = {least}: choose shares, from 0 to 1")
        self.factor = factor
        self.least = least
        self.state = self.state | {"share": 1.0}

    def run_out(self) -> None:
        before = self.state["share"]
        share = max(before * self.factor, self.least)
        if share < before:
            rescale(self.model.optimizer, share / before)
        self.state = self.state | {"share": share, "waited": 0}
