"""What all requests pass through: counting, measuring, refusing."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seq2seq.serving.replies import failed
from seq2seq.serving.serving_error import ServingError

Count = Callable[[str, int, float], None]


class Traffic:
    """Is the outermost layer of the application.

    Attributes:
        open: requests that are being answered.
        draining: whether new ones are refused, since the server is about to end.
    """

    def __init__(self, app: ASGIApp, count: Count):
        self._app, self._count = app, count
        self.open = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self.open += 1
        try:
            await self._answer(scope, receive, watched)
        finally:
            self.open -= 1
            self._count(_method(scope["path"]), status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if self.draining and scope["path"].startswith("/v1/"):
            app = failed(ServingError("UNAVAILABLE", "the server is shutting down"))
            app.headers["connection"] = "close"
        await app(scope, receive, send)


def _method(path: str) -> str:
    """Names what is asked for, in few words whatever is asked: predict, stream, status, page."""
    if not path.startswith("/v1/"):
        return "page"
    word = path.rpartition(":")[2] if ":" in path else path.rpartition("/")[2]
    return word if word in ("predict", "stream", "metadata") else "status"
