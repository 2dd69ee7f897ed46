"""Processes that share the work on a dump, and end with the one that began them."""

import collections
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 4  # items; fewer let the others idle while this process works on a slow one
HELD = 8  # results for each process, at most, that wait for one before them


class Workers:
    """Calls functions (context, item) -> result in so many processes, of which this one is one.

    It makes the items, and works on one itself whenever the others have enough to do. Functions,
    items and results must go through multiprocessing; `context` is sent once. The others are begun
    anew ("spawn"), so that they hold nothing but what they need.
    """

    def __init__(self, processes: int, context: Any):
        if processes < 1:
            raise ValueError(f"there is work for 1 process or more, not for {processes}")
        self._context, self._processes = context, processes
        self._pool: ProcessPoolExecutor | None = None
        if processes > 1:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(processes - 1, spawn, _begin, (context,))

    def map(
        self, function: Callable[[Any, Item], Result], items: Iterable[Item], ahead: int = AHEAD
    ) -> Iterator[Result]:
        """Yields the results in the order of the items, of which few are held at a time.

        ahead: items that each other process is given before this one works on one itself; with 1,
            few large ones are shared out best

        Raises:
            ChildProcessError: a process was killed, such as for want of memory.
        """
        waiting: collections.deque[Future] = collections.deque()
        fault: Exception | None = None
        items = iter(items)
        try:
            while fault is None:
                try:
                    waiting.append(self._share(function, next(items), waiting, ahead))
                except StopIteration:
                    break
                except Exception as error:  # of the items: the results before it come first
                    fault = error
                # Those that are done need not wait for others.
                while waiting and (len(waiting) > HELD * self._processes or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
            if fault is not None:
                raise fault
        except BrokenProcessPool:
            hint = "the same command goes on from here; fewer --processes need less memory"
            raise ChildProcessError(f"a worker process was killed; {hint}") from None
        finally:
            for future in waiting:
                future.cancel()

    def _share(
        self,
        function: Callable[[Any, Item], Result],
        item: Item,
        waiting: collections.deque[Future],
        ahead: int,
    ) -> Future:
        """Gives an item to another process, or does it here if they have enough to do."""
        begun = sum(not future.done() for future in waiting)
        if self._pool is not None and begun < ahead * (self._processes - 1):
            return self._pool.submit(_call, function, item)
        done: Future = Future()
        try:
            done.set_result(function(self._context, item))
        except Exception as error:
            done.set_exception(error)
        return done

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


_CONTEXT: Any = None


def _begin(context: Any) -> None:
    """Prepares a new process: Ctrl-C is the parent's to answer, whose end is this one's too."""
    global _CONTEXT
    _CONTEXT = context
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(function: Callable[[Any, Item], Result], item: Item) -> Result:
    return function(_CONTEXT, item)
