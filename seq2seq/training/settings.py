"""What a recipe may say of training itself."""

from dataclasses import dataclass
from typing import Literal

from seq2seq.evaluation import METRICS
from seq2seq.training.distribution import STRATEGIES


@dataclass(frozen=True)
class Training:
    """The [training] section: when training ends, and what is looked at on the way.

    steps, minutes: updates and minutes of updating, whichever ends first.
    every: updates in a round; a round ends with validation and a checkpoint.
    clip: the largest global norm of a gradient; 0 lets any pass.
    metric: what the best checkpoint is best in: "loss", "accuracy", "perplexity", or one of
        `scores`, which are computed on the first `lines` pairs of the split `valid`, as greedy
        search finds them.
    patience: rounds without a better `metric` after which training ends; 0 never.
    start_from: folder of a run of the same kind of model whose weights a new run begins with, as
        `warm_start` carries them over; "" for none. Its tokenizers are taken, too, where
        `tokenizer.folder` names its folder `tokenizers`.
    start_checkpoint: which of its checkpoints: "best", "last" or a step.
    strategy: "one_device", or "mirrored" for all GPUs of this machine.

    Raises:
        ValueError: an unknown score, metric or strategy, or a number that is too small.
    """

    steps: int = 100_000
    minutes: float = float("inf")
    every: int = 1000
    clip: float = 1.0
    metric: str = "loss"
    scores: tuple[str, ...] = ("bleu",)
    lines: int = 500
    valid: str = "valid"
    patience: int = 0
    start_from: str = ""
    start_checkpoint: str = "best"
    strategy: str = "one_device"
    seed: int = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    def __post_init__(self):
        for name, least in {"steps": 0, "minutes": 0, "every": 1, "clip": 0}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if self.strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise ValueError(f"unknown strategy {self.strategy!r} (known: {known})")
        unknown = set(self.scores) - METRICS.keys()
        if unknown:
            raise ValueError(f"scores: unknown {sorted(unknown)} (known: {', '.join(METRICS)})")
        measured = ("loss", "accuracy", "perplexity", *self.scores)
        if self.metric not in measured:
            known = ", ".join(measured)
            raise ValueError(f"metric {self.metric!r} is not measured here (known: {known})")
