"""The loop over updates: rounds, checkpoints, callbacks, and stopping."""

import contextlib
import itertools
import signal
import threading
import time
from collections.abc import Iterator

import keras

from pipelines.batches import Position
from seq2seq.training.lasting import Lasting


class Loop:
    """Counts updates and ends a round every so many; `Trainer.fit` says what it is given.

    A round ends with validation, then callbacks, then a checkpoint: all that callbacks write down
    before a run is killed belongs to updates beyond the checkpoint that it goes on from.
    """

    def __init__(self, trainer, progress, every, validate, checkpoints, callbacks):
        self.trainer = trainer
        self.progress = progress
        self.every = every
        self.validate = validate
        self.checkpoints = checkpoints
        self.lasting = [each for each in callbacks if isinstance(each, Lasting)]
        if trainer.guard is not None:
            self.lasting.append(trainer.guard)
        self.callbacks = keras.callbacks.CallbackList(callbacks, model=trainer.model)

    def train(self, batches, steps, minutes, accumulate, interrupted):
        """Makes all updates, and ends the round in hand after the last."""
        for each in self.lasting:
            each.state |= self.progress.kept.get(each.name, {})
        self.callbacks.on_train_begin()
        try:
            if self.left(steps, minutes):
                for places in _grouped(batches, accumulate):
                    self.update(places)
                    if not self.left(steps, minutes):
                        break
            hurried = not self.trainer.agreed(not interrupted.is_set())
            if hurried:
                interrupted.set()  # here too, where another worker heard Ctrl-C
            self.end(hurried)
        finally:
            self.callbacks.on_train_end()

    def left(self, steps, minutes) -> bool:
        """Tells whether there is more to train."""
        progress = self.progress
        time_is_left = progress.seconds < 60 * minutes
        mine = progress.step < steps and time_is_left and not self.trainer.model.stop_training
        return self.trainer.agreed(mine)

    def update(self, placed):
        """Makes one update, and ends the round where it is the round's last."""
        progress = self.progress
        if not progress.round:
            self.callbacks.on_epoch_begin(progress.step // self.every)
        began = time.perf_counter()
        self.callbacks.on_train_batch_begin(progress.step)
        told = self.trainer.update([batch for _, *batch in placed])
        last, *_ = placed[-1]
        progress.step += 1
        progress.position = Position(int(last[0]), int(last[1]) + 1)
        progress.seconds += time.perf_counter() - began
        if told.accepted:
            loss, tokens = progress.round or (0.0, 0.0)
            progress.round = [loss + told.loss, tokens + told.tokens]
            progress.target_tokens += int(told.tokens)
        else:
            progress.round = progress.round or [0.0, 0.0]
            progress.skipped += 1
        logs = {"loss": told.loss / max(told.tokens, 1.0), "tokens": told.tokens, "norm": told.norm}
        self.callbacks.on_train_batch_end(progress.step - 1, logs)
        if progress.step % self.every == 0:
            self.end()

    def end(self, hurried=False):
        """Ends a round that has begun; who is in a hurry gets a checkpoint without validation."""
        progress = self.progress
        if not progress.round:
            return
        if hurried:
            progress.metrics = {}
            self.save()
            return
        loss, tokens = progress.round
        progress.round = []
        progress.metrics = self.trainer.by_chief(self.validate)
        validated = {f"val_{name}": value for name, value in progress.metrics.items()}
        number = (progress.step - 1) // self.every
        self.callbacks.on_epoch_end(number, {"loss": loss / max(tokens, 1.0)} | validated)
        self.save()

    def save(self):
        """Writes a checkpoint, where there is a place for it."""
        self.progress.kept = {each.name: dict(each.state) for each in self.lasting}
        if self.checkpoints:
            self.trainer.by_chief(lambda: self.checkpoints.save(self.trainer, self.progress))


def _grouped(batches, size) -> Iterator[list]:
    """Takes so many batches at a time."""
    batches = iter(batches)
    while group := list(itertools.islice(batches, size)):
        yield group


@contextlib.contextmanager
def interrupted_softly(model) -> Iterator[threading.Event]:
    """Lets the first Ctrl-C end the update in hand; a second one interrupts at once."""
    interrupted = threading.Event()

    def stop(*_):
        interrupted.set()
        model.stop_training = True
        signal.signal(signal.SIGINT, before)

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not the main thread: signals are someone else's
        yield interrupted
        return
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
