"""The numbers of each round, in a file and in TensorBoard."""

import json
import math
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from pipelines.whole_files import write_whole
from seq2seq.training.progress import Progress


class RoundLog(keras.callbacks.Callback):
    """Appends a line of JSON a round to a file, and the same numbers to TensorBoard.

    When training begins, lines beyond `progress` and what a kill left of a line are taken away:
    the log of a run that was killed and goes on is that of one never killed, byte for byte.

    Args:
        progress: how far the run has come, as the loop keeps it.
        histograms: whether TensorBoard gets the distribution of each variable's weights, too.
            They are copied at the end of a round, and counted beside the next.
    """

    def __init__(self, path: Path, tensorboard: Path, progress: Progress, histograms: bool = False):
        super().__init__()
        self.path = path
        self.tensorboard = tensorboard
        self.progress = progress
        self.histograms = histograms

    def on_train_begin(self, logs=None):
        if self.path.exists():
            lines = self.path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if _step(line) <= self.progress.step]
            if kept != lines:
                write_whole(self.path, b"".join(kept))
        self.writer = tf.summary.create_file_writer(str(self.tensorboard))
        self.beside = ThreadPoolExecutor(1, "histograms")
        self.counted: Future = Future()
        self.counted.set_result(None)

    def on_epoch_end(self, epoch, logs=None):
        step = self.progress.step
        rate = float(self.model.optimizer.learning_rate)
        line = {"step": step, "learning_rate": rate} | {k: float(v) for k, v in logs.items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())  # before the checkpoint that goes on after this line
        with self.writer.as_default(step):
            for name, value in line.items():
                tf.summary.scalar(name.replace("val_", "validation/"), value)
        self.writer.flush()
        if self.histograms:
            self._count(step)

    def on_train_end(self, logs=None):
        self.beside.shutdown()
        self.writer.close()
        self.counted.result()

    def _count(self, step: int) -> None:
        """Copies all weights, and begins to count them when those of the last round are."""
        self.counted.result()
        variables = self.model.trainable_variables
        tensors = {each.path: keras.ops.convert_to_tensor(each) for each in variables}
        # The next update may write into the memory of a variable.
        weights = {name: np.array(tensor) for name, tensor in tensors.items()}

        def count():
            with self.writer.as_default(step):
                for name, values in weights.items():
                    tf.summary.histogram(name, values)

        self.counted = self.beside.submit(count)


def _step(line: bytes) -> float:
    """Returns the step of a line; infinity where it is not a whole one."""
    try:
        told = json.loads(line)
        return told["step"] if line.endswith(b"\n") else math.inf
    except (ValueError, TypeError, KeyError):
        return math.inf
