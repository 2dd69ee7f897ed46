"""Runs what makes blocks in a thread of its own, and hands them over."""

import contextlib
import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

WAITING = 4  # items between the thread and the one that reads
Item = TypeVar("Item")
Give = Callable[[Item], None]


def in_background(work: Callable[[Give[Item]], None]) -> Generator[Item, None, None]:
    """Yields what `work` gives, which runs in a thread; an error it raises is raised here.

    When nobody reads on, `work` ends at the next item that it gives.
    """
    items: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(WAITING)
    closed = threading.Event()

    def give(last: bool, item: Item | BaseException | None) -> None:
        while not closed.is_set():
            with contextlib.suppress(queue.Full):
                return items.put((last, item), timeout=0.1)
        raise _Closed

    def run() -> None:
        with contextlib.suppress(_Closed):
            try:
                work(lambda item: give(False, item))
                give(True, None)
            except Exception as error:
                give(True, error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            last, item = items.get()
            if last:
                break
            yield item  # type: ignore[misc]
    finally:
        closed.set()
        thread.join()
    if item is not None:
        raise item  # type: ignore[misc]


class _Closed(BaseException):
    """Ends the thread when nobody reads on."""
