"""Texts that are told while they are found."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from seq2seq.serving.json_request import json_object
from seq2seq.serving.rest import PATHS, Rest
from seq2seq.serving.serving_error import ServingError, wrong
from seq2seq.serving.settings import Settings

LINES = "application/x-ndjson"


class Streaming:
    """Answers POST ...:stream {"text": "A dog."} with lines of JSON, each when it is found.

    {"part": "Ein"}, {"part": " Hund"}, ..., {"done": true}; where it fails on the way, the last is
    {"error": "..."}. The parts joined are the text.
    """

    def __init__(self, rest: Rest, settings: Settings):
        self._rest, self._settings = rest, settings
        self._threads = ThreadPoolExecutor(settings.streams, "stream")
        self._open = 0

    def routes(self) -> list[BaseRoute]:
        """Lists what is answered."""
        return [Route(f"{path}:stream", self.stream, methods=["POST"]) for path in PATHS]

    async def stream(self, request: Request) -> Response:
        """Answers with the text as it grows."""
        with self._rest.version(request) as version:
            text = self._text(await self._rest.body(request))
            if not version.streams:
                raise ServingError("UNIMPLEMENTED", "this model has no functions for streaming")
            if self._open >= self._settings.streams:
                raise ServingError("UNAVAILABLE", f"{self._open} texts are being told already")
            version.users += 1
        self._open += 1

        def leave() -> None:
            version.users -= 1
            self._open -= 1

        return Told(self._lines(version.stream(text)), leave)

    def _text(self, body: bytes) -> str:
        asked = json_object(body)
        text = asked.get("text")
        if asked.keys() != {"text"} or not isinstance(text, str):
            raise wrong('expecting {"text": string}')
        if len(text.encode()) > self._settings.max_line:
            raise wrong(f"a text of more than {self._settings.max_line} bytes")
        return text

    async def _lines(self, parts: Iterator[str]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        until = time.monotonic() + self._settings.deadline
        last: dict[str, object] = {"done": True}
        try:
            while (
                part := await loop.run_in_executor(self._threads, next, parts, None)
            ) is not None:
                yield _line({"part": part})
                if time.monotonic() > until:
                    last = {"error": f"not ended within {self._settings.deadline:g} s"}
                    break
        except Exception as error:
            last = {"error": f"{type(error).__name__}: {error}"}
        yield _line(last)


class Told(StreamingResponse):
    """Sends lines, and calls `leave` when they have ended or the client has gone."""

    def __init__(self, lines: AsyncIterator[bytes], leave: Callable[[], None]):
        super().__init__(lines, media_type=LINES)
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


def _line(value: dict[str, object]) -> bytes:
    return orjson.dumps(value) + b"\n"
