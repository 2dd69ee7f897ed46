"""Trains a run and may kill itself at some moment: killed_program.py RECIPE RUN [SECONDS].

The clock starts when the first update of this process has ended.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import keras
from rich.console import Console

from seq2seq.recipe import Recipe
from seq2seq.run import Run


class Kill(keras.callbacks.Callback):
    """Kills the process as `kill -9` does, so many seconds after the first update."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds
        self.clock: threading.Timer | None = None

    def on_train_batch_end(self, batch, logs=None):
        if self.clock is None:
            kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
            self.clock = threading.Timer(self.seconds, kill)
            self.clock.daemon = True
            self.clock.start()


if __name__ == "__main__":
    recipe, folder, *seconds = sys.argv[1:]
    run = Run.start(folder, Recipe(json.loads(Path(recipe).read_text())))
    with open(os.devnull, "w") as nowhere:
        run.train([Kill(float(each)) for each in seconds], Console(file=nowhere))
