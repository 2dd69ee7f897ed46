"""Shows on the terminal how far the preparation of a dump is."""

import collections
import time

from rich import progress
from rich.console import Console

from pipelines.wikipedia.progress import Progress

WINDOW = 20.0  # seconds over which the speed is taken


class Display:
    """A line for each phase: a bar, pages, megabytes of XML a second, time left.

    Give it to `prepare` as `watch`, inside `with`.
    """

    def __init__(self, console: Console):
        self._bars = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[facts]}"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
            console=console,
        )
        self._phase, self._task = "", progress.TaskID(0)
        self._read: collections.deque[tuple[float, float]] = collections.deque()

    def __call__(self, step: Progress) -> None:
        """Shows a step; a new phase ends the one before it."""
        if step.phase != self._phase:
            if self._phase:
                self._end()
            self._phase = step.phase
            self._task = self._bars.add_task(step.phase, total=None, facts="")
        self._bars.update(
            self._task, total=step.total or None, completed=step.done, facts=self._facts(step)
        )

    def _end(self) -> None:
        task = self._bars.tasks[-1]
        self._bars.update(self._task, total=task.total or 1, completed=task.total or 1)

    def _facts(self, step: Progress) -> str:
        if not step.pages:
            return ""
        now = time.perf_counter()
        self._read.append((now, step.megabytes))
        while now - self._read[0][0] > WINDOW and len(self._read) > 2:
            self._read.popleft()
        began, had = self._read[0]
        speed = (step.megabytes - had) / (now - began) if now - began > 1 else 0
        return f"{step.pages:,} pages" + (f", {speed:.1f} MB of XML/s" if speed else "")

    def __enter__(self) -> "Display":
        self._bars.start()
        return self

    def __exit__(self, fault, *error) -> None:
        if fault is None and self._phase:
            self._end()
        self._bars.stop()
