"""Recipes: TOML files that say what a run is made of."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras

from pipelines import configuration, plugins
from pipelines.batches import Batching
from pipelines.corpora.corpus import Corpus
from pipelines.records import Limits
from pipelines.vocabulary import Tokenizers
from seq2seq.decoding.search import Search
from seq2seq.evaluation import METRICS
from seq2seq.generator import Generator
from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.training.schedules import SCHEDULES

SHIPPED = Path(__file__).parent / "recipes"

OPTIMIZERS = {
    kind.__name__.lower(): kind
    for kind in vars(keras.optimizers).values()
    if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer)
}


@dataclass(frozen=True)
class Training:
    """The [training] section: when training ends, and what is looked at on the way.

    steps, minutes: updates and minutes of updating, whichever ends first.
    every: updates in a round; a round ends with validation and a checkpoint.
    metric: what the best checkpoint is best in: "loss", "accuracy", "perplexity", or one of
        `scores`, which are computed on the first `lines` pairs of the split `valid`, found greedily.
    patience: rounds without a better `metric` after which training ends; 0 never.
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
    strategy: str = "one_device"
    seed: int = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    def __post_init__(self):
        unknown = set(self.scores) - METRICS.keys()
        if unknown:
            raise ValueError(f"scores: unknown {sorted(unknown)} (known: {', '.join(METRICS)})")
        known = ("loss", "accuracy", "perplexity", *self.scores)
        if self.metric not in known:
            raise ValueError(f"metric {self.metric!r} is not measured here ({', '.join(known)})")


class Recipe:
    """Sections of plain data, and the objects they describe.

    Every section is `kind = "<file name>"` and constructor arguments, or arguments alone where
    there is but one kind: what it does not say has the constructor's default.
    """

    SECTIONS = (
        "corpus",
        "tokenizer",
        "limits",
        "batches",
        "model",
        "loss",
        "schedule",
        "optimizer",
        "training",
        "search",
        "generator",
    )

    def __init__(self, sections: dict):
        """Checks all that can be checked before work begins.

        Raises:
            ValueError: an unknown section, kind or option, or a value of the wrong type.
        """
        for name, section in sections.items():
            if name not in self.SECTIONS:
                known = ", ".join(self.SECTIONS)
                raise ValueError(f"a recipe has no section [{name}] (known: {known})")
            if not isinstance(section, dict):
                raise ValueError(f"[{name}] must be a section, not {section!r}")
        for name in ("corpus", "tokenizer", "model"):
            if name not in sections:
                raise ValueError(f"the recipe lacks its section [{name}]")
        self.sections = sections
        self.limits = Limits(**self._checked("limits", Limits))
        self.batching = Batching(**self._checked("batches", Batching))
        self.training = Training(**self._checked("training", Training))
        self.loss = LabelSmoothedCrossEntropy(**self._checked("loss", LabelSmoothedCrossEntropy))
        self.search = plugins.build("seq2seq.decoding", Search, self._kind("search", "beam_search"))
        self.optimizer()

    @classmethod
    def read(cls, path: str | Path, changes: list[str] = []) -> "Recipe":
        """Reads a TOML file, or the shipped recipe of that name, with `--set` changes."""
        shipped = SHIPPED / f"{path}.toml"
        return cls(configuration.read(shipped if shipped.is_file() else path, list(changes)))

    def corpus(self) -> Corpus:
        return plugins.build("pipelines.corpora", Corpus, self.sections["corpus"])

    def model(self, tokenizers: Tokenizers, precision: str | None = None) -> Seq2Seq:
        """Makes the model with new weights, in the recipe's precision or another."""
        sizes = {
            "source_vocabulary": tokenizers.source.size,
            "target_vocabulary": tokenizers.target.size,
        }
        with _precision(precision or self.training.precision):
            return plugins.build("seq2seq.models", Seq2Seq, self.sections["model"], **sizes)

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Makes the optimizer: `kind` is the name of a Keras optimizer, adam by default."""
        options = self._kind("optimizer", "adam")
        kind = _known(options.pop("kind").lower(), OPTIMIZERS, "optimizer")
        return kind(learning_rate=self.schedule(), **plugins.check(kind, options))

    def schedule(self):
        options = self._kind("schedule", "inverse_square_root")
        kind = _known(options.pop("kind"), SCHEDULES, "schedule")
        return kind(**plugins.check(kind, options))

    def generator(self, tokenizers: Tokenizers, model: Seq2Seq, search: Search | None = None):
        """Makes the object that turns text into text."""
        given = {"tokenizers": tokenizers, "model": model, "search": search or self.search}
        options = {"max_source": self.limits.source} | self.sections.get("generator", {})
        return Generator(**plugins.check(Generator, options | given))

    def _kind(self, name: str, default: str) -> dict:
        return {"kind": default} | self.sections.get(name, {})

    def _checked(self, name: str, constructor) -> dict:
        try:
            return plugins.check(constructor, self.sections.get(name, {}))
        except ValueError as error:
            raise ValueError(f"[{name}] {error}") from None


def _known(kind: str, table: dict, what: str):
    if kind not in table:
        raise ValueError(f"unknown {what} {kind!r} (known: {', '.join(sorted(table))})")
    return table[kind]


@contextlib.contextmanager
def _precision(policy: str):
    """Makes layers in a precision without leaving it set."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
