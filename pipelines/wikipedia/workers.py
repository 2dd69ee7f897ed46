"""Processes that share the work on a dump, and end with the one that began them."""

import collections
import functools
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
AHEAD = 4  # items for each other process that are begun before this one works on one itself


class Workers:
    """Calls functions (context, item) -> result in so many processes, of which this one is one.

    It makes the items, and works on one whenever the others have enough to do. Functions, items
    and results must go through multiprocessing; `context` is sent once. The others are begun anew
    ("spawn"), so that they hold nothing but what they need.
    """

    def __init__(self, processes: int, context: Any):
        if processes < 1:
            raise ValueError(f"there is work for 1 process or more, not for {processes}")
        self._context, self._ahead = context, AHEAD * (processes - 1)
        self._pool: ProcessPoolExecutor | None = None
        if processes > 1:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(processes - 1, spawn, _begin, (context,))

    def map(
        self, function: Callable[[Any, Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Yields the results in the order of the items, of which few are held at a time.

        Raises:
            ChildProcessError: a process was killed, such as for want of memory.
        """
        here = functools.partial(function, self._context)
        pool = self._pool
        if pool is None:
            yield from map(here, items)
            return
        tasks = _Tasks(here, lambda item: pool.submit(_call, function, item))
        try:
            yield from tasks.results(items, self._ahead)
        except BrokenProcessPool:
            hint = "the same command goes on from here; fewer --processes need less memory"
            raise ChildProcessError(f"a worker process was killed; {hint}") from None
        finally:
            tasks.cancel()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


class _Tasks:
    """Items that were given to other processes, in order; this one takes back what must wait."""

    def __init__(self, here: Callable[[Any], Any], submit: Callable[[Any], Future]):
        self._here, self._submit = here, submit
        self._tasks = collections.deque[tuple[Future, Any]]()

    def results(self, items: Iterable[Any], ahead: int) -> Iterator[Any]:
        """Yields the results in order; an error of the items comes after those before it."""
        fault: Exception | None = None
        items = iter(items)
        while True:
            try:
                item = next(items)
            except StopIteration:
                break
            except Exception as error:
                fault = error
                break
            self._tasks.append((self._submit(item), item))
            if len(self._tasks) > ahead:
                self._help()
            # Those that are done need not wait for others.
            while self._tasks and (len(self._tasks) > 2 * ahead or self._tasks[0][0].done()):
                yield self._first()
        while self._tasks:
            yield self._first()
        if fault is not None:
            raise fault

    def cancel(self) -> None:
        """Gives up what no process has begun."""
        for future, _ in self._tasks:
            future.cancel()

    def _first(self) -> Any:
        """Takes the first result; until it is there, this process works, too."""
        while not self._tasks[0][0].done() and self._help():
            pass
        return self._tasks.popleft()[0].result()

    def _help(self) -> bool:
        """Does here the last item that no other process has begun; says whether there was one."""
        for place in reversed(range(len(self._tasks))):
            future, item = self._tasks[place]
            if future.cancel():
                done: Future = Future()
                try:
                    done.set_result(self._here(item))
                except Exception as error:
                    done.set_exception(error)
                self._tasks[place] = done, item
                return True
        return False


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
