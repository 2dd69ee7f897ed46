"""A run that trains in its folder."""

import dataclasses
import functools
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator

import keras
import tensorflow as tf

from pipelines.batches import Batching, Position, positioned_batches, validation_batches
from pipelines.vocabulary import Tokenizers
from pipelines.whole_files import write_whole
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.run_folder import RECIPE, RunFolder
from seq2seq.training.batch_size import LARGEST, BatchTimer, Trial, find_batch_size, tried
from seq2seq.training.checkpoints import Progress
from seq2seq.training.display import Display
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
from seq2seq.training.start_from_vectors import start_from_vectors
from seq2seq.training.trainer import Trainer
from seq2seq.training.validation import Validation
from seq2seq.training.warm_start import warm_start

BATCH_SIZE = "batch_size.json"


class Run(RunFolder):
    """Trains what the recipe in its folder says, by any strategy, from where it was left."""

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
            self._begin_weights(model, start)
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

    def _begin_weights(self, model: Seq2Seq, start: tuple[Seq2Seq, Tokenizers] | None) -> None:
        """Gives a new model the weights that the recipe says training begins with."""
        settings, said = self.recipe.training, list[str]()
        if start is not None:
            report = warm_start(model, self.tokenizers, *start)
            said = [f"started from {settings.start_from}: {report}"]
        elif settings.word_vectors and not self.checkpoints.steps():
            said = start_from_vectors(model, self.tokenizers, settings.word_vectors)
        if is_chief(self.strategy):
            for line in said:
                print(line, file=sys.stderr)

    def _start(self) -> tuple[Seq2Seq, Tokenizers] | None:
        """Reads what a run without a checkpoint starts from, if its recipe names a run.

        Raises:
            ValueError: there is no such run, or no such checkpoint in it.
        """
        settings = self.recipe.training
        if not settings.start_from or self.checkpoints.steps():
            return None
        other = RunFolder(settings.start_from)
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
        pairs = itertools.islice(self.pairs(settings.valid), settings.lines)
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
