"""Recipes: TOML files that say what a run is made of."""

import contextlib
import inspect
from pathlib import Path

import keras
import tensorflow as tf

from pipelines import configuration, plugins
from pipelines.batches import Batching
from pipelines.corpora.corpus import Corpus
from pipelines.records import Limits
from pipelines.vocabulary import Tokenizers, check_section
from seq2seq.decoding.constraints.constraint import Constraint
from seq2seq.decoding.search import Search
from seq2seq.generator import Generator
from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.training.adam import Adam, AdamW
from seq2seq.training.schedules import SCHEDULES, Scaled
from seq2seq.training.settings import Training

SHIPPED = Path(__file__).parent / "recipes"

# Said of batches.tokens: a run finds the size that is fastest where it is first trained.
FOUND = "auto"

# Weights that are no longer trained need not be kept in more bits than they are computed in.
PRECISIONS = ("float32", "bfloat16")

OPTIMIZERS = {
    kind.__name__.lower(): kind
    for kind in vars(keras.optimizers).values()
    if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer)
    # Not the contract itself, nor what wraps other optimizers and so has no learning rate.
    if kind is not keras.optimizers.Optimizer
    if "learning_rate" in inspect.signature(kind).parameters
} | {"adam": Adam, "adamw": AdamW}

# What Keras's optimizers take that would undo the exactness of updates, and what to do instead.
NOT_OURS = {
    "learning_rate": "it is what [schedule] says; set its peak",
    "gradient_accumulation_steps": "it averages batches of unequal size; set "
    "update_tokens in [training]",
    "loss_scale_factor": "the loss is not scaled, which mixed_bfloat16 does not need",
}


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
        self.limits = self._made("limits", Limits)
        self.finds_batch_size = sections.get("batches", {}).get("tokens") == FOUND
        self.batching = self._batching()
        self.training = self._made("training", Training)
        self.loss = self._made("loss", LabelSmoothedCrossEntropy)
        self.search = self._search()
        self._check_what_is_made_later()

    @classmethod
    def read(cls, path: str | Path, changes: list[str] = []) -> "Recipe":
        """Reads a TOML file, or the shipped recipe of that name, with `--set` changes."""
        shipped = SHIPPED / f"{path}.toml"
        return cls(configuration.read(shipped if shipped.is_file() else path, list(changes)))

    def _check_what_is_made_later(self):
        """Checks what needs the corpus's files or the tokenizers to be made."""
        with _naming("corpus"):
            plugins.prepare("pipelines.corpora", Corpus, self.sections["corpus"])
        with _naming("tokenizer"):
            section = self.sections["tokenizer"]
            if not section.get("folder"):  # or they are ready
                check_section({key: section[key] for key in section if key != "folder"})
        with _naming("model"):
            sizes = {"source_vocabulary": 4, "target_vocabulary": 4}
            plugins.prepare("seq2seq.models", Seq2Seq, self.sections["model"], **sizes)
        with _naming("generator"):
            self.generator_precision()
            self._generator_options(tokenizers=None, model=None, search=self.search)
        with tf.Graph().as_default():  # TensorFlow itself stays untouched: see `make_strategy`
            self.optimizer()

    def corpus(self) -> Corpus:
        """Makes the corpus.

        Raises:
            ValueError: its files are not there.
        """
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
        with _naming("optimizer"):
            options = self._kind("optimizer", "adam")
            kind = _known(options.pop("kind"), OPTIMIZERS)
            for name in options.keys() & NOT_OURS.keys():
                raise ValueError(f"{name} cannot be set here: {NOT_OURS[name]}")
            checked = _like_defaults(kind, plugins.check(kind, options))
            return kind(learning_rate=Scaled(self.schedule()), **checked)

    def schedule(self) -> keras.optimizers.schedules.LearningRateSchedule:
        """Makes the learning rate, inverse_square_root by default."""
        with _naming("schedule"):
            options = self._kind("schedule", "inverse_square_root")
            kind = _known(options.pop("kind"), SCHEDULES)
            return kind(**plugins.check(kind, options))

    def generator(self, tokenizers: Tokenizers, model: Seq2Seq, search: Search | None = None):
        """Makes the object that turns text into text."""
        given = {"tokenizers": tokenizers, "model": model, "search": search or self.search}
        return Generator(**self._generator_options(**given))

    def generator_precision(self) -> str:
        """Says in which of PRECISIONS texts are generated, float32 by default.

        Raises:
            ValueError: it is another.
        """
        precision = self.sections.get("generator", {}).get("precision", "float32")
        if precision not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
        return precision

    def _generator_options(self, **given) -> dict:
        options = dict(self.sections.get("generator", {}))
        options.pop("precision", None)  # of the model, which is given
        for name in given.keys() & options.keys():
            raise ValueError(f"{name} is found by the program and cannot be set")
        return plugins.check(Generator, {"max_source": self.limits.source} | options | given)

    def _kind(self, name: str, default: str) -> dict:
        return {"kind": default} | self.sections.get(name, {})

    def _batching(self) -> Batching:
        """Makes the batching; its size is the default where each run finds its own."""
        with _naming("batches"):
            options = dict(self.sections.get("batches", {}))
            if self.finds_batch_size:
                del options["tokens"]
            return Batching(**plugins.check(Batching, options))

    def _search(self) -> Search:
        with _naming("search"):
            section = self._kind("search", "beam_search")
            if "constraints" in section:
                section["constraints"] = tuple(
                    plugins.build("seq2seq.decoding.constraints", Constraint, constraint)
                    for constraint in _sections("constraints", section["constraints"])
                )
            return plugins.build("seq2seq.decoding", Search, section)

    def _made(self, name: str, constructor):
        with _naming(name):
            return constructor(**plugins.check(constructor, self.sections.get(name, {})))


def _sections(name: str, found) -> list[dict]:
    """Returns a list of sections.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError(f'{name} must be a list such as [{{ kind = "..." }}], not {found!r}')
    return found


def _known(kind, table: dict):
    """Returns what a kind stands for.

    Raises:
        ValueError: it stands for nothing; the message names the known kinds.
    """
    if not isinstance(kind, str) or kind not in table:
        raise ValueError(f"unknown kind {kind!r} (known: {', '.join(sorted(table))})")
    return table[kind]


def _like_defaults(kind, options: dict) -> dict:
    """Returns options whose types are those of the defaults, where Keras annotates nothing.

    Raises:
        ValueError: a value of another type.
    """
    for name, value in options.items():
        default = inspect.signature(kind).parameters[name].default
        wanted: tuple = (bool,) if isinstance(default, bool) else (int, float)
        is_number = isinstance(default, (int, float))
        if is_number and (
            not isinstance(value, wanted) or isinstance(value, bool) != (bool in wanted)
        ):
            raise ValueError(f"{name} is {default!r} by default and cannot be {value!r}")
    return options


@contextlib.contextmanager
def _naming(section: str):
    """Begins what a ValueError says with the section that is at fault."""
    try:
        yield
    except ValueError as error:
        said = str(error)
        raise ValueError(said if said.startswith("[") else f"[{section}] {said}") from None


@contextlib.contextmanager
def _precision(policy: str):
    """Makes layers in a precision without leaving it set."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
