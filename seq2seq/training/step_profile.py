"""Where the time of an update goes."""

import sys
from pathlib import Path

import keras
import tensorflow as tf


class StepProfile(keras.callbacks.Callback):
    """Traces a few updates for TensorBoard's profiler, and says on standard error where they are.

    Args:
        update: the first to trace; where a run goes on beyond it, the first that it makes. Not 1:
            that one is mostly making the graph.
        folder: TensorBoard's; the trace is in plugins/profile in it.
        count: how many updates.
    """

    def __init__(self, update: int, folder: Path, count: int = 3):
        super().__init__()
        self.update = update
        self.folder = Path(folder)
        self.left = count
        self.step = None

    def on_train_batch_begin(self, batch, logs=None):
        if not self.left or batch + 1 < self.update:
            return
        if self.step is None:
            tf.profiler.experimental.start(str(self.folder))
        # The name and `_r` are what the profiler knows a training step by.
        self.step = step = tf.profiler.experimental.Trace("train", step_num=batch + 1, _r=1)
        step.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        if self.step is None or not self.left:
            return
        self.step.__exit__(None, None, None)
        self.left -= 1
        if not self.left:
            self._stop()

    def on_train_end(self, logs=None):
        if self.step is not None and self.left:
            self._stop()
        elif self.step is None:
            self._say(f"training ended before update {self.update}: nothing was traced")

    def _stop(self):
        self.left = 0
        tf.profiler.experimental.stop()
        self._say(f"traced; look at it with: tensorboard --logdir {self.folder}")

    def _say(self, what: str):
        print(f"profile: {what}", file=sys.stderr)
