"""What a run shows while it trains."""

import collections
import time

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Display(keras.callbacks.Callback):
    """Shows a bar with speed, loss, learning rate and time left, and a line a round.

    The bar is full after `steps` updates or `minutes` of updating, whichever comes first;
    `reached` is the progress that the loop keeps.
    """

    def __init__(self, reached, steps: int, minutes: float, console: Console | None = None):
        super().__init__()
        self.reached = reached
        self.steps = steps
        self.minutes = minutes
        self.console = console or Console(stderr=True)
        # Target tokens and when they were done, of the last updates: what speed means to a reader.
        self.recent: collections.deque = collections.deque(maxlen=20)

    def on_train_begin(self, logs=None):
        numbers = "{task.fields[speed]:,.0f} target tokens/s · loss {task.fields[loss]:.3f}"
        self.bar = Progress(
            TextColumn("update {task.fields[update]:,}"),
            BarColumn(),
            TextColumn(numbers + " · rate {task.fields[rate]:.2e}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            refresh_per_second=2,
            speed_estimate_period=120,
        )
        fields = {"update": self.reached.step, "speed": 0.0, "loss": 0.0, "rate": 0.0}
        self.task = self.bar.add_task("train", total=1.0, **fields)
        self.bar.update(self.task, completed=self._share())
        self.bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        self.recent.clear()

    def on_train_batch_end(self, batch, logs=None):
        self.recent.append((time.perf_counter(), logs["tokens"]))
        fields = {"update": batch + 1, "loss": logs["loss"], "speed": self.speed()}
        fields["rate"] = float(self.model.optimizer.learning_rate)
        self.bar.update(self.task, completed=self._share(), **fields)

    def _share(self) -> float:
        """Returns the share of training that is done, 0 to 1."""
        updates = self.reached.step / max(self.steps, 1)
        return min(1.0, max(updates, self.reached.seconds / max(60.0 * self.minutes, 1e-9)))

    def speed(self) -> float:
        """Returns target tokens a second over the last updates."""
        (first, begun), (last, _) = self.recent[0], self.recent[-1]
        tokens = sum(count for _, count in self.recent) - begun
        return tokens / (last - first) if last > first else 0.0

    def on_epoch_end(self, epoch, logs=None):
        shown = [f"{name.removeprefix('val_')} {value:.4g}" for name, value in logs.items()]
        shown.append(f"{self.speed():,.0f} target tokens/s")
        update = self.reached.step
        self.console.print(f"update {update:,}: training {' · '.join(shown)}", highlight=False)

    def on_train_end(self, logs=None):
        self.bar.stop()
