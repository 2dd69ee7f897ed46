"""Answers of the server that several of its parts give."""

import logging

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seq2seq.serving.serving_error import ServingError

JSON = "application/json"


def json_reply(value: object, status: int = 200) -> Response:
    """Answers with JSON."""
    return Response(orjson.dumps(value), status, media_type=JSON)


def failed(error: ServingError) -> Response:
    """Answers that a request failed: {"error": "..."}."""
    reply = json_reply({"error": str(error)}, error.status)
    if error.status in (429, 503):
        reply.headers["retry-after"] = "1"
    return reply


async def on_serving_error(request: Request, error: Exception) -> Response:
    """Answers what was raised for the client."""
    assert isinstance(error, ServingError)
    return failed(error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answers for a path or a method that is not there."""
    assert isinstance(error, HTTPException)
    message = f"Malformed request: {request.method} {request.url.path}: {error.detail}"
    reply = json_reply({"error": message}, error.status_code)
    reply.headers.update(error.headers or {})
    return reply


async def on_failure(request: Request, error: Exception) -> Response:
    """Answers for what nobody expected; the log has it, the client learns no more than that."""
    logging.getLogger("seq2seq.serving").error(
        "%s %s", request.method, request.url.path, exc_info=error
    )
    return failed(ServingError("INTERNAL", f"internal error: {type(error).__name__}"))
