"""Merges the rows of concurrent requests into batches."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from seq2seq.serving.batching import Batching
from seq2seq.serving.serving_error import ServingError, wrong
from seq2seq.serving.signature import Tensors

Run = Callable[[Tensors], Tensors]
Observer = Callable[[int, float], None]  # is told the rows of a batch, and the seconds it ran


@dataclass(eq=False)
class Task:
    """Is what stays together: one row, or a whole request that cannot be taken apart.

    Attributes:
        tensors: the inputs, of one row where there are rows.
        kind: tasks of equal kinds may share a batch.
        size: how much there is to read; tasks of like sizes share a batch.
        arrived: when, by the clock of the loop.
        answer: gets the outputs; it is cancelled where nobody waits any more.
    """

    tensors: Tensors
    kind: object
    size: int
    arrived: float
    answer: asyncio.Future[Tensors]


class Batcher:
    """Answers the requests for one signature in batches that a thread runs.

    The task that waits longest always goes next, with those that are most like it in size: little
    is padded, and nobody waits for ever. A task that makes a batch fail fails alone.

    Args:
        run: answers merged inputs; called in threads.
        merges: whether rows may be merged at all.
        batching: the limits.
        threads: run batches; their slots are shared by all signatures of a version.
        slots: as many as there are threads.
        deadline: seconds; what would wait longer is refused at once.
    """

    def __init__(
        self,
        run: Run,
        merges: bool,
        batching: Batching,
        threads: tuple[Executor, asyncio.Semaphore],
        deadline: float,
        observer: Observer,
    ):
        self._run, self._merges, self._batching = run, merges, batching
        self._pool, self._slots = threads
        self._deadline, self._observer = deadline, observer
        self._queue: list[Task] = []
        self._filled = asyncio.Event()
        self._pace = 0.0  # seconds of a batch, as they went lately
        self._dispatching: asyncio.Task | None = None
        self._running: set[asyncio.Task] = set()

    async def __call__(self, tensors: Tensors) -> Tensors:
        """Answers inputs; cancelled, it leaves the queue.

        Raises:
            ServingError: UNAVAILABLE, where too many wait; or what running raises.
        """
        tasks = self._tasks(tensors)
        self._admit(len(tasks))
        if self._dispatching is None:
            self._dispatching = asyncio.create_task(self._dispatch())
        self._queue += tasks
        self._filled.set()
        try:
            found = await asyncio.gather(*(task.answer for task in tasks))
        finally:
            for task in tasks:
                task.answer.cancel()
        return _joined(found)

    @property
    def waiting(self) -> int:
        """How many tasks wait for a batch."""
        self._queue = [task for task in self._queue if not task.answer.done()]
        return len(self._queue)

    def close(self) -> None:
        """Ends the task that makes batches."""
        if self._dispatching is not None:
            self._dispatching.cancel()

    def _tasks(self, tensors: Tensors) -> list[Task]:
        loop = asyncio.get_running_loop()
        rows = {len(tensor) for tensor in tensors.values()} if self._merges else {0}
        if len(rows) > 1:
            told = ", ".join(f"{name} has {len(each)}" for name, each in tensors.items())
            raise wrong(f"inputs must have as many rows as each other: {told}")
        (count,) = rows
        if not count:  # kinds that are no other's: it stays alone
            return [Task(tensors, object(), 0, loop.time(), loop.create_future())]
        kind = tuple(tensor.shape[1:] for tensor in tensors.values())
        cut = lambda row: {name: tensor[row : row + 1] for name, tensor in tensors.items()}
        parts = map(cut, range(count))
        return [Task(part, kind, _size(part), loop.time(), loop.create_future()) for part in parts]

    def _admit(self, count: int) -> None:
        capacity = self._batching.capacity
        if count > capacity:
            raise wrong(f"{count} rows in one request; at most {capacity} can wait: send fewer")
        waiting = self.waiting
        if waiting and waiting + count > capacity:
            raise ServingError("UNAVAILABLE", f"the queue is full: {waiting} of {capacity} wait")
        batches = (waiting + count) / self._batching.max_batch_size
        if waiting and batches * self._pace / self._batching.num_batch_threads > self._deadline:
            raise ServingError(
                "UNAVAILABLE", f"{waiting} wait: no answer would come within {self._deadline:g} s"
            )

    async def _dispatch(self) -> None:
        while True:
            await self._filled.wait()
            left = self._queue[0].arrived + self._batching.batch_timeout_micros / 1e6
            left -= asyncio.get_running_loop().time()
            if left > 0 and len(self._queue) < self._batching.max_batch_size:
                await asyncio.sleep(left)
            await self._slots.acquire()
            if batch := self._take():
                running = asyncio.create_task(self._answer(batch))
                self._running.add(running)
                running.add_done_callback(self._running.discard)
            else:
                self._slots.release()

    def _take(self) -> list[Task]:
        """Takes the first task and those most like it from the queue."""
        batch: list[Task] = []
        if self.waiting:
            first = self._queue[0]
            like = [task for task in self._queue if task.kind == first.kind]
            like.sort(key=lambda task: abs(task.size - first.size))
            batch = like[: self._batching.max_batch_size]
            taken = set(map(id, batch))
            self._queue = [task for task in self._queue if id(task) not in taken]
        if not self._queue:
            self._filled.clear()
        return batch

    async def _answer(self, batch: list[Task]) -> None:
        try:
            began = time.perf_counter()
            await self._fill(batch)
            seconds = time.perf_counter() - began
            self._pace = 0.8 * self._pace + 0.2 * seconds if self._pace else seconds
            self._observer(len(batch), seconds)
        finally:
            self._slots.release()

    async def _fill(self, batch: list[Task]) -> None:
        """Gives each task its answer; where a batch fails, its halves are tried."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, self._answers, batch)
        except Exception as error:
            if len(batch) > 1:
                await self._fill(batch[: len(batch) // 2])
                await self._fill(batch[len(batch) // 2 :])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        for task, outputs in zip(batch, found, strict=True):
            if not task.answer.done():
                task.answer.set_result(outputs)

    def _answers(self, batch: list[Task]) -> list[Tensors]:
        if len(batch) == 1:
            return [self._run(batch[0].tensors)]
        names = batch[0].tensors
        outputs = self._run({n: np.concatenate([task.tensors[n] for task in batch]) for n in names})
        for name, output in outputs.items():
            if len(output) != len(batch):
                raise ServingError(
                    "INTERNAL", f"{len(batch)} rows went in, output {name} has {len(output)}"
                )
        cut = lambda row: {name: output[row : row + 1] for name, output in outputs.items()}
        return list(map(cut, range(len(batch))))


def _size(tensors: Tensors) -> int:
    """Counts the bytes of texts and the numbers of other inputs."""
    texts = (tensor for tensor in tensors.values() if tensor.dtype == np.object_)
    numbers = (tensor.size for tensor in tensors.values() if tensor.dtype != np.object_)
    return sum(len(text) for tensor in texts for text in tensor.flat) + sum(numbers)


def _joined(parts: list[Tensors]) -> Tensors:
    """Puts rows together; what ends earlier than in other rows is filled with "" or 0."""
    if len(parts) == 1:
        return parts[0]
    return {name: _stacked([part[name] for part in parts]) for name in parts[0]}


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    longest = np.max([row.shape for row in rows], axis=0)
    if all(row.shape == tuple(longest) for row in rows):
        return np.concatenate(rows)
    empty = b"" if rows[0].dtype == np.object_ else 0
    stacked = np.full([len(rows), *longest[1:]], empty, rows[0].dtype)
    for place, row in zip(stacked, rows):
        place[tuple(map(slice, row.shape[1:]))] = row[0]
    return stacked
