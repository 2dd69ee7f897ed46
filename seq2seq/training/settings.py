"""What a recipe may say of training itself."""

from dataclasses import dataclass, field
from typing import Literal

from seq2seq.evaluation import METRICS
from seq2seq.training.distribution import check_strategy
from seq2seq.training.guard import Guard


@dataclass(frozen=True)
class Training:
    """The [training] section: when training ends, and what is looked at on the way.

    steps, minutes: updates and minutes of updating, whichever ends first.
    every: updates in a round; a round ends with validation and a checkpoint.
    update_tokens: about so many tokens make an update, in as many batches of `batches.tokens` as
        that takes; 0 makes an update of each batch. An update is the same, to rounding, however
        it is cut into batches.
    clip: the largest global norm of a gradient; 0 lets any pass.
    metric: what the best checkpoint is best in: "loss", "accuracy", "perplexity", or one of
        `scores`, which are computed on the first `lines` pairs of the split `valid`, as greedy
        search finds them.
    keep_last, keep_best: so many of the newest checkpoints, and of the best in `metric`, are kept;
        from 2 of the newest on, there is one before it where the newest is damaged.
    histograms: whether TensorBoard gets the distribution of weights at the end of each round.
    patience: rounds without a better `metric` after which training ends; 0 never.
    least_gain: how much better than the best so far a `metric` must be to count as better.
    spike, refusals, back_off: as `Guard` has them: updates that are refused, how many in a row end
        training, and what each multiplies the learning rate by.
    freeze: shell patterns of layers whose weights are not trained, such as "encoder_*".
    deterministic: whether TensorFlow computes each sum in one order: slower, and on a GPU needed
        for two runs to be the same bit for bit.
    start_from: folder of a run of the same kind of model whose weights a new run begins with, as
        `warm_start` carries them over; "" for none. Its tokenizers are taken, too, where
        `tokenizer.folder` names its folder `tokenizers`.
    start_checkpoint: which of its checkpoints: "best", "last" or a step.
    word_vectors: files of word vectors that embeddings begin with, for "source", "target" or both;
        any that GloVe, word2vec, fastText or gensim write, as wide as the model's embedding. With
        freeze = ["source_embedding"] they stay as they are.
    xla: whether XLA compiles forward and backward passes, anew for each shape of a batch.
    strategy: "one_device", "mirrored" for all GPUs of this machine, "multi_worker" for those of
        all machines that TF_CONFIG or Slurm lists, or "tpu".

    Raises:
        ValueError: an unknown score, metric or strategy, or a number that is too small.
    """

    steps: int = 100_000
    minutes: float = float("inf")
    every: int = 1000
    update_tokens: int = 0
    clip: float = 1.0
    metric: str = "loss"
    scores: tuple[str, ...] = ("bleu",)
    lines: int = 500
    valid: str = "valid"
    keep_last: int = 2
    keep_best: int = 1
    histograms: bool = False
    patience: int = 0
    least_gain: float = 0.0
    spike: float = 0.0
    refusals: int = 10
    back_off: float = 1.0
    freeze: tuple[str, ...] = ()
    deterministic: bool = False
    start_from: str = ""
    start_checkpoint: str = "best"
    word_vectors: dict[str, str] = field(default_factory=dict)
    xla: bool = False
    strategy: str = "one_device"
    seed: int = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    def __post_init__(self):
        smallest = {
            "steps": 0,
            "minutes": 0,
            "every": 1,
            "clip": 0,
            "update_tokens": 0,
            "patience": 0,
            "least_gain": 0,
        }
        smallest |= {"keep_last": 1, "keep_best": 1}
        for name, least in smallest.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")
        Guard(self.spike, self.refusals, self.back_off)  # says what is wrong with them
        check_strategy(self.strategy)
        if self.start_from and self.word_vectors:
            raise ValueError("start_from and word_vectors both say what embeddings begin with")
        unknown = set(self.scores) - METRICS.keys()
        if unknown:
            raise ValueError(f"scores: unknown {sorted(unknown)} (known: {', '.join(METRICS)})")
        measured = ("loss", "accuracy", "perplexity", *self.scores)
        if self.metric not in measured:
            known = ", ".join(measured)
            raise ValueError(f"metric {self.metric!r} is not measured here (known: {known})")
