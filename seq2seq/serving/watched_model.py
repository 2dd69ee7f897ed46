"""A model's folder, of which the highest version that loads is served."""

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seq2seq.serving.model_version import ModelVersion
from seq2seq.serving.serving_error import ServingError
from seq2seq.serving.version_folders import version_folders

RETRY = 60.0  # seconds until a version that failed is tried again: load_retry_interval_micros
Load = Callable[[Path], ModelVersion]


@dataclass
class State:
    """Is how far a version is, in the words of get_model_status.proto."""

    state: str
    message: str = ""
    changed: float = field(default_factory=time.monotonic)


class WatchedModel:
    """Serves the highest version of a folder, and changes over to a new one without a gap.

    A new version is loaded and warmed beside the old one; then requests go to it, and the old one
    goes when it has answered those that it had. A version that does not load is reported, the old
    one goes on, and it is tried again after a minute. Where all folders are gone, what is loaded
    stays.

    Args:
        folder: holds the versions, as saved_models/translate; its name is the model's.
        load: loads the folder of a version.
    """

    def __init__(self, folder: Path, load: Load):
        self.folder = folder.resolve()
        self.name = folder.absolute().name
        self._load = load
        self._states: dict[int, State] = {}
        self._current: ModelVersion | None = None
        self._leaving: set[asyncio.Task] = set()

    def open(self) -> None:
        """Loads the highest version that can be.

        Raises:
            ValueError: there is none.
        """
        while self._current is None:
            number = self._wanted()
            if number is None:
                failed = "; ".join(
                    f"{number}: {state.message}" for number, state in sorted(self._states.items())
                )
                raise ValueError(
                    f"{self.folder} holds no version that loads (a folder named by a number, "
                    f"as `seq2seq export` writes it){': ' if failed else ''}{failed}"
                )
            self._current = self._try(number)

    async def watch(self, seconds: float) -> None:
        """Looks for new versions for ever."""
        while True:
            await asyncio.sleep(seconds)
            await self.refresh()

    async def refresh(self) -> None:
        """Changes over to the version that should be served, where it is another."""
        number, old = self._wanted(), self._current
        if number is None or old is None or number == old.number:
            return
        new = await asyncio.to_thread(self._try, number)
        if new is None:
            return
        self._current = new
        leaving = asyncio.create_task(self._retire(old))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    @contextlib.contextmanager
    def version(self, number: int | None = None) -> Iterator[ModelVersion]:
        """Gives the version that is served; it stays until the context is left.

        Raises:
            ServingError: NOT_FOUND, where another one is asked for.
        """
        version = self._current
        if version is None or number not in (None, version.number):
            raise ServingError(
                "NOT_FOUND", f"Servable not found for request: Specific({self.name}, {number})"
            )
        version.users += 1
        try:
            yield version
        finally:
            version.users -= 1

    def status(self, number: int | None = None) -> list[dict]:
        """Tells how far versions are, the newest first, as TensorFlow Serving does.

        Raises:
            ServingError: NOT_FOUND, where there was never such a version.
        """
        asked = sorted(self._states, reverse=True) if number is None else [number]
        if number is not None and number not in self._states:
            raise ServingError("NOT_FOUND", f"Could not find version {number} of model {self.name}")
        told = []
        for each in asked:
            state = self._states[each]
            code = "UNKNOWN" if state.message else "OK"
            status = {"error_code": code, "error_message": state.message}
            told.append({"version": str(each), "state": state.state, "status": status})
        return told

    @property
    def number(self) -> int:
        """Which version is served."""
        return self._current.number if self._current else 0

    @property
    def waiting(self) -> int:
        """How many rows wait for a batch."""
        return self._current.waiting if self._current else 0

    def close(self) -> None:
        """Gives the threads back."""
        if self._current is not None:
            self._current.close()

    def _wanted(self) -> int | None:
        """Names the highest version that is there and has not just failed."""
        now = time.monotonic()
        failed = {
            number
            for number, state in self._states.items()
            if state.message and now - state.changed < RETRY
        }
        return max(version_folders(self.folder).keys() - failed, default=None)

    def _try(self, number: int) -> ModelVersion | None:
        before = self._states.get(number)
        self._states[number] = State("LOADING")
        try:
            began = time.perf_counter()
            version = self._load(version_folders(self.folder)[number])
        except Exception as error:  # a version may be broken in any way, the server must not be
            message = f"{type(error).__name__}: {error}"
            self._states[number] = State("END", message)
            if before is None or before.message != message:
                _say(f"version {number} of {self.name} does not load: {message}")
            return None
        self._states[number] = State("AVAILABLE")
        seconds = time.perf_counter() - began
        _say(f"version {number} of {self.name} is served (loaded and warmed in {seconds:.1f} s)")
        return version

    async def _retire(self, version: ModelVersion) -> None:
        number = version.number
        self._states[number] = State("UNLOADING")
        while version.users:
            await asyncio.sleep(0.02)
        version.close()
        del version
        await asyncio.to_thread(gc.collect)  # functions of TensorFlow hold each other
        if number != self.number:  # it may have come back meanwhile
            self._states[number] = State("END")


def _say(message: str) -> None:
    print(f"seq2seq: {message}", file=sys.stderr, flush=True)
