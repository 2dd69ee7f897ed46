"""The folder of a run: all that training leaves and that evaluating, generating and export need."""

import dataclasses
import functools
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keras
import tensorflow as tf

from pipelines import configuration
from pipelines.batches import Batching, Position, positioned_batches, validation_batches
from pipelines.corpora.corpus import Corpus
from pipelines.records import MANIFEST, Records, write_records
from pipelines.vocabulary import Tokenizers, load_tokenizers, make_tokenizers, save_tokenizers
from pipelines.whole_files import write_whole
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.recipe import Recipe
from seq2seq.training.batch_size import LARGEST, BatchTimer, Trial, find_batch_size, tried
from seq2seq.training.callbacks import Display
from seq2seq.training.checkpoints import WEIGHTS, Checkpoints, Progress
from seq2seq.training.distribution import (
    by_chief,
    is_chief,
    local_replicas,
    make_strategy,
    part_of,
    watched,
)
from seq2seq.training.early_stopping import EarlyStopping
from seq2seq.training.freezing import freeze
from seq2seq.training.guard import Guard
from seq2seq.training.lower_on_plateau import LowerOnPlateau
from seq2seq.training.memory import keep_freed_memory
from seq2seq.training.refused_batches import RefusedBatches
from seq2seq.training.round_log import RoundLog
from seq2seq.training.schedules import rescale
from seq2seq.training.trainer import Trainer
from seq2seq.training.validation import Validation
from seq2seq.training.warm_start import warm_start

RECIPE, TOKENIZERS, RECORDS, CHECKPOINTS = "recipe.json", "tokenizers", "records", "checkpoints"
BATCH_SIZE = "batch_size.json"

# What a user may change of a trained run: where text comes from, and how targets are found.
CHANGEABLE = ("corpus", "search", "generator")


class Run:
    """recipe.json, tokenizers/, records/, checkpoints/, metrics.jsonl, tensorboard/, results/."""

    def __init__(self, folder: str | Path, changes: Iterable[str] = ()):
        """Opens a run that `Run.start` began.

        Args:
            changes: such as "search.width=8", for this opening only: of how the trained model is
                used, not of what it is.

        Raises:
            ValueError: the folder holds no run, or a change is of another section.
        """
        self.folder = Path(folder)
        path = self.folder / RECIPE
        if not path.is_file():
            raise ValueError(f"{self.folder} holds no run ({RECIPE} is missing): train one into it")
        sections = json.loads(path.read_text(encoding="utf-8"))
        for change in changes:
            if not change.startswith(tuple(f"{section}." for section in CHANGEABLE)):
                known = ", ".join(CHANGEABLE)
                raise ValueError(f"--set {change}: of a trained run only {known} may be changed")
            configuration.apply(change, sections)
        self.recipe = Recipe(sections)
        settings = self.recipe.training
        kept = settings.metric, settings.keep_last, settings.keep_best
        self.checkpoints = Checkpoints(self.folder / CHECKPOINTS, *kept)
        self.strategy = tf.distribute.get_strategy()  # until `distribute`

    @classmethod
    def start(cls, folder: str | Path, recipe: Recipe) -> "Run":
        """Begins a run, or opens one that was begun with the same recipe.

        Raises:
            ValueError: the folder holds a run of another recipe, or other files.
        """
        folder = Path(folder)
        path = folder / RECIPE
        # Other workers may begin it just now: what they write later than the recipe is not seen.
        there = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        if path.is_file():
            run = cls(folder)
            differing = _differing(run.recipe.sections, recipe.sections)
            if differing:
                raise ValueError(
                    f"{folder} holds a run of another recipe (it differs in "
                    f"{', '.join(differing)}): name another folder"
                )
            return run
        foreign = [name for name in there if not name.startswith(f".{RECIPE}")]
        if foreign or folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is there already and holds no run: name another folder")
        write_whole(path, json.dumps(recipe.sections, indent=1))
        return cls(folder)

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The recipe's corpus, whose files only training needs."""
        return self.recipe.corpus()

    @functools.cached_property
    def tokenizers(self) -> Tokenizers:
        """The run's tokenizers; trained first, where they are not there yet."""
        folder = self.folder / TOKENIZERS
        make = lambda: make_tokenizers(self.corpus, self.recipe.sections["tokenizer"])
        self._once(folder, lambda: save_tokenizers(make(), folder))
        return load_tokenizers(folder)

    def records(self, split: str) -> Records:
        """Returns the tokenized split; written first, where it is not there yet."""
        folder, tokenizers = self.folder / RECORDS / split, self.tokenizers
        pairs = lambda: self.corpus.pairs(split)
        write = lambda: write_records(pairs(), tokenizers, folder, self.recipe.limits)
        self._once(folder / MANIFEST, write)
        return Records(folder)

    def _once(self, path: Path, make: Callable[[], object]) -> None:
        """Lets the chief make what is not there yet; the other workers wait for it.

        Raises:
            ValueError: a worker does not find it.
        """

        def make_missing():
            if not path.exists():
                make()

        by_chief(self.strategy, make_missing)
        if not path.exists():
            raise ValueError(
                f"{path} is not there, though the chief made it: give all workers the same run "
                "folder, on a file system that they share"
            )

    def model(self, checkpoint: str = "best") -> Seq2Seq:
        """Returns the model with the weights of a checkpoint, in float32."""
        path = self.checkpoints.path(checkpoint) / WEIGHTS
        model = self.recipe.model(self.tokenizers, "float32")
        model.load_weights(path)
        return model

    def generator(self, checkpoint: str = "best") -> Generator:
        """Returns text to text with the weights of a checkpoint, in float32."""
        return self.recipe.generator(self.tokenizers, self.model(checkpoint))

    def begin(self) -> None:
        """Writes a checkpoint of what training begins with, where there is none at all."""
        if not self.checkpoints.steps():
            self.checkpoints.save(self.trainer(), Progress())

    def train(self, callbacks: Iterable[keras.callbacks.Callback] = (), console=None) -> Progress:
        """Trains to the end, from where the last checkpoint left off.

        Raises:
            KeyboardInterrupt: Ctrl-C; a checkpoint was written, so the same call goes on.
            ValueError: the corpus is faulty, or a checkpoint is not this recipe's.
        """
        with watched(self.distribute()):
            return self._train(callbacks, console)

    def distribute(self) -> tf.distribute.Strategy:
        """Makes the recipe's strategy, by which this run then trains.

        Raises:
            ValueError: the devices or workers that it wants are not there.
        """
        self.strategy = make_strategy(self.recipe.training.strategy)
        return self.strategy

    def _train(self, callbacks: Iterable[keras.callbacks.Callback], console) -> Progress:
        settings = self.recipe.training
        self.batching  # may have to be found, for which memory must be free
        trainer = self.trainer()
        progress = self._restored(trainer)
        files = self.folder / "metrics.jsonl", self.folder / "tensorboard"
        log = RoundLog(*files, progress, settings.histograms)
        display = Display(progress, settings.steps, settings.minutes, console)
        shown = [log, display] if is_chief(self.strategy) else []
        return trainer.fit(
            self.batches(trainer, progress.position),
            steps=settings.steps,
            minutes=settings.minutes,
            every=settings.every,
            validate=self._validation(trainer),
            checkpoints=self.checkpoints,
            callbacks=[*shown, *self._watches(), *callbacks],
            progress=progress,
            accumulate=self.accumulate,
        )

    def _restored(self, trainer: Trainer) -> Progress:
        """Sets the trainer to the last checkpoint, the same one on every worker.

        Raises:
            ValueError: a worker finds another one than the chief.
        """
        found: list[Progress] = []

        def restore() -> int:
            found.append(self.checkpoints.restore(trainer))
            return found[0].step

        step = by_chief(self.strategy, restore)
        progress = found[0] if found else self.checkpoints.restore(trainer)
        if progress.step != step:
            raise ValueError(
                f"the chief goes on from update {step}, but the last checkpoint here is of update "
                f"{progress.step}: give all workers the same run folder, on a file system that "
                "they share"
            )
        return progress

    @functools.cached_property
    def batching(self) -> Batching:
        """How batches are made; where the recipe leaves their size open, it is found first, once.

        Raises:
            ValueError: no size fits into memory, or several workers would have to agree on one.
        """
        path = self.folder / BATCH_SIZE
        if not self.recipe.finds_batch_size:
            return self.recipe.batching
        if not path.is_file():
            if self.recipe.training.strategy == "multi_worker":
                raise ValueError(
                    "several workers need one size of batches: find it with strategy one_device, "
                    "by `seq2seq benchmark batch-size`, and give batches.tokens that number"
                )
            self.records("train")
            asked = ["benchmark", "batch-size", self.folder / RECIPE, "--run", self.folder]
            found = find_batch_size(self.try_batch_sizes, list(map(str, asked)))
            write_whole(path, json.dumps(found, indent=1))
        tokens = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        return dataclasses.replace(self.recipe.batching, tokens=tokens)

    @property
    def accumulate(self) -> int:
        """Counts the batches of an update."""
        return max(1, round(self.recipe.training.update_tokens / self.batching.tokens))

    def try_batch_sizes(self) -> Iterator[Trial]:
        """Trains new weights for a while, with random ids in batches of growing size."""
        self.distribute()
        counts, limits = self.records("train").counts, self.recipe.limits
        mean = lambda side: round(counts[f"{side} tokens"] / counts["examples"]) + 1  # its mark
        typical = mean("source"), mean("target")
        sizes = self.tokenizers.source.size, self.tokenizers.target.size
        longest = limits.source, limits.target
        wanted = self.recipe.training.update_tokens
        timer = BatchTimer(self.trainer(), sizes, longest, typical, 2 if wanted else 1)
        return tried(timer, min(wanted or LARGEST, LARGEST))

    def batches(self, trainer: Trainer, position: Position = Position()) -> tf.data.Dataset:
        """Makes the trainer's endless batches of the split `train`, each after its position."""
        divided = local_replicas(trainer.strategy), part_of(trainer.strategy)
        return positioned_batches(self.records("train"), self.batching, position, *divided)

    def trainer(self) -> Trainer:
        """Makes the trainer with new weights, drawn from the recipe's seed."""
        settings = self.recipe.training
        keep_freed_memory()
        if settings.deterministic:
            tf.config.experimental.enable_op_determinism()
        start = self._start()  # before what takes longer, since it may not be there
        tokenizers = self.tokenizers
        # All of Keras's own seeds are drawn from this one. keras.utils.set_random_seed would also
        # empty TensorFlow's kernel cache, and with it all tokenizers that were loaded before.
        random.seed(settings.seed)
        with self.strategy.scope():
            model = self.recipe.model(tokenizers)
            if start is not None:
                report = warm_start(model, tokenizers, *start)
                if is_chief(self.strategy):
                    print(f"started from {settings.start_from}: {report}", file=sys.stderr)
            freeze(model, settings.freeze)
            optimizer = self.recipe.optimizer()
        refused = self.folder / "refused"
        if not is_chief(self.strategy):  # each keeps its own rows
            refused /= f"worker-{part_of(self.strategy).index}"
        keep = RefusedBatches(refused, tokenizers)
        slow_down = functools.partial(rescale, optimizer)
        judged = (settings.spike, settings.refusals, settings.back_off)
        guard = Guard(*judged, keep=keep, rescale=slow_down)
        made = (model, self.recipe.loss, optimizer, self.strategy)
        return Trainer(*made, clip=settings.clip, guard=guard, xla=settings.xla)

    def _start(self) -> tuple[Seq2Seq, Tokenizers] | None:
        """Reads what a run without a checkpoint starts from, if its recipe names a run.

        Raises:
            ValueError: there is no such run, or no such checkpoint in it.
        """
        settings = self.recipe.training
        if not settings.start_from or self.checkpoints.steps():
            return None
        other = Run(settings.start_from)
        return other.model(settings.start_checkpoint), other.tokenizers

    def _validation(self, trainer: Trainer):
        """Makes the function that measures the split `valid` at the end of a round."""
        settings = self.recipe.training
        if settings.valid not in self._splits():
            return dict
        records = self.records(settings.valid)
        if not is_chief(self.strategy):  # which tells the others what it measures
            return dict
        batches = validation_batches(records, self.batching.tokens)
        pairs = itertools.islice(self.corpus.pairs(settings.valid), settings.lines)
        generator = self.recipe.generator(self.tokenizers, trainer.model, GreedySearch())
        return Validation(trainer, batches, generator, list(pairs), settings.scores)

    def _splits(self) -> list[str]:
        """Names the splits of the corpus, whose files the chief alone needs."""
        return by_chief(self.strategy, lambda: list(self.corpus.splits()))

    def _watches(self) -> list[keras.callbacks.Callback]:
        """Makes the callbacks that act when a metric does not get better.

        Raises:
            ValueError: there is no split on which the metric is measured.
        """
        settings, plateau = self.recipe.training, self.recipe.schedule().plateau
        made: list[keras.callbacks.Callback] = []
        if settings.patience:
            made.append(EarlyStopping(settings.metric, settings.patience, settings.least_gain))
        if plateau:
            lower = LowerOnPlateau(settings.metric, **plateau, least_gain=settings.least_gain)
            made.append(lower)
        if made and settings.valid not in (splits := self._splits()):
            raise ValueError(
                f"{settings.metric} is to get better, but the corpus has no split "
                f"{settings.valid!r} to measure it on (known: {', '.join(splits)})"
            )
        return made


def _differing(before: dict, wanted: dict) -> list[str]:
    """Names the options in which two recipes differ, such as "model.units"."""
    told = [
        {
            f"{name}.{option}": json.dumps(value)
            for name, section in sections.items()
            for option, value in section.items()
        }
        for sections in (before, wanted)
    ]
    return sorted({name for name, _ in told[0].items() ^ told[1].items()})
