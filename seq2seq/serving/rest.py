"""The REST interface of TensorFlow Serving, and streaming beside it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator
from typing import TypeVar

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from seq2seq.serving.json_request import JsonRequest
from seq2seq.serving.model_version import ModelVersion
from seq2seq.serving.replies import JSON, json_reply
from seq2seq.serving.serving_error import ServingError, wrong
from seq2seq.serving.settings import Settings
from seq2seq.serving.watched_model import WatchedModel

Result = TypeVar("Result")
MOST_DIGITS = 18  # of a version: an int64
# A body that is too large is read to its end, and dropped, up to so many times the limit: else
# the client, which is still sending, would see a broken connection and not the answer.
DROPPED = 4


class _Name(StringConvertor):
    """Is a part of a path that ends where a slash or a colon begins."""

    regex = "[^/:]+"


register_url_convertor("name", _Name())
PATHS = ("/v1/models/{model:name}", "/v1/models/{model:name}/versions/{version:name}")


class Rest:
    """Answers /v1/models/NAME[/versions/N][/metadata] and ...:predict.

    Args:
        model: what is served.
        settings: the limits of requests.
    """

    def __init__(self, model: WatchedModel, settings: Settings):
        self._model, self._settings = model, settings

    def routes(self) -> list[BaseRoute]:
        """Lists what is answered."""
        made: list[BaseRoute] = []
        for path in PATHS:
            made += [
                Route(f"{path}:predict", self.predict, methods=["POST"]),
                Route(f"{path}/metadata", self.metadata, methods=["GET"]),
                Route(path, self.status, methods=["GET"]),
            ]
        return made

    async def status(self, request: Request) -> Response:
        """Tells how far the versions are."""
        return json_reply({"model_version_status": self._model.status(self._number(request))})

    async def metadata(self, request: Request) -> Response:
        """Tells the signatures."""
        with self.version(request) as version:
            spec = {"name": self._model.name, "signature_name": "", "version": str(version.number)}
            signatures = {"signature_def": {"signature_def": version.metadata}}
            return json_reply({"model_spec": spec, "metadata": signatures})

    async def predict(self, request: Request) -> Response:
        """Answers {"instances": [...]} or {"inputs": ...}."""
        with self.version(request) as version:
            body = await self.body(request)
            asked = JsonRequest.read(body, version.signatures, self._settings.max_line)
            outputs = await self._in_time(request, version.answer(asked))
            return Response(asked.answer(outputs), media_type=JSON)

    @contextlib.contextmanager
    def version(self, request: Request) -> Iterator[ModelVersion]:
        """Gives the version that a request's path asks for."""
        with self._model.version(self._number(request)) as version:
            yield version

    async def body(self, request: Request) -> bytes:
        """Reads what a client sends, up to a limit.

        Raises:
            ServingError: it is too large, or does not come to an end.
        """
        most, size, parts = self._settings.max_body, 0, []
        told = request.headers.get("content-length", "0")
        if int(told) > DROPPED * most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._settings.deadline):
                async for part in request.stream():
                    size += len(part)
                    parts.append(part)
                    if size > most:
                        parts.clear()
                    if size > DROPPED * most:
                        break
        except ClientDisconnect:
            raise ServingError("CANCELLED", "the client has gone") from None
        except TimeoutError:
            raise ServingError("DEADLINE_EXCEEDED", "the request did not come in time") from None
        if size > most:
            raise _too_large(most)
        return b"".join(parts)

    def _number(self, request: Request) -> int | None:
        """Reads the version of a path, and sees to the model's name."""
        if request.path_params["model"] != self._model.name:
            raise ServingError(
                "NOT_FOUND", f"Could not find any versions of model {request.path_params['model']}"
            )
        version = request.path_params.get("version")
        if version is None:
            return None
        if not version.isascii() or not version.isdecimal() or len(version) > MOST_DIGITS:
            raise wrong(f"Failed to convert version: {version} to numeric.")
        return int(version)

    async def _in_time(self, request: Request, work: Awaitable[Result]) -> Result:
        """Waits for work until the deadline passes or the client goes."""
        working = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(request.receive())  # the body was read: only an end can come
        try:
            await asyncio.wait(
                {working, gone},
                timeout=self._settings.deadline,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if working.done():
                return working.result()
            if gone.done():
                raise ServingError("CANCELLED", "the client has gone")
            raise ServingError(
                "DEADLINE_EXCEEDED", f"no answer within {self._settings.deadline:g} s"
            )
        finally:
            working.cancel()
            gone.cancel()


def _too_large(most: int) -> ServingError:
    return ServingError("BODY_TOO_LARGE", f"the request is larger than {most} bytes")
