"""Stands for an object whose methods are timed."""

import functools

from seq2seq.benchmark.stopwatch import Stopwatch


class Timed:
    """Is what it stands for, but some methods run on a stopwatch.

    Args:
        inner: what it stands for.
        parts: {method: the part that its time is counted for}; "__call__" is a method like others.
    """

    def __init__(self, inner, parts: dict[str, str], stopwatch: Stopwatch):
        self._inner = inner
        self._parts = parts
        self._stopwatch = stopwatch

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name not in self._parts:
            return found
        return functools.partial(self._stopwatch.timed, self._parts[name], found)

    def __call__(self, *inputs):
        return self.__getattr__("__call__")(*inputs)
