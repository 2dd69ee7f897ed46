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
AHEAD = 3  # items for each process that are begun before a result is waited for


class Workers:
    """Calls functions (context, item) -> result in so many processes; one works in this one.

    Functions, items and results must go through multiprocessing; `context` is sent once.
    Processes are begun anew ("spawn"), so that they hold nothing but what they need.
    """

    def __init__(self, processes: int, context: Any):
        if processes < 1:
            raise ValueError(f"there is work for 1 process or more, not for {processes}")
        self._context, self._ahead = context, AHEAD * processes
        self._pool: ProcessPoolExecutor | None = None
        if processes > 1:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(processes, spawn, _begin, (context,))

    def map(
        self, function: Callable[[Any, Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Yields the results in the order of the items, of which few are held at a time.

        Raises:
            ChildProcessError: a process was killed, such as for want of memory.
        """
        if self._pool is None:
            for item in items:
                yield function(self._context, item)
            return
        waiting: collections.deque[Future] = collections.deque()
        fault: Exception | None = None
        items = iter(items)
        try:
            while fault is None:
                try:
                    waiting.append(self._pool.submit(_call, function, next(items)))
                except StopIteration:
                    break
                except Exception as error:  # of the items: the results before it come first
                    fault = error
                # Those that are done need not wait for the queue to fill.
                while waiting and (len(waiting) > self._ahead or waiting[0].done()):
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
