"""The web page of a server: a few files that come along with this package."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from seq2seq.serving.replies import json_reply
from seq2seq.serving.watched_model import WatchedModel

FOLDER = Path(__file__).with_name("page")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class Pages:
    """Answers / and /page/FILE from memory: no path of a request reaches the file system."""

    def __init__(self, model: WatchedModel, folder: Path = FOLDER):
        self._model = model
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        self._files = {
            path.name: (path.read_bytes(), TYPES[path.suffix])
            for path in found
            if path.suffix in TYPES
        }

    def routes(self) -> list[BaseRoute]:
        """Lists what is answered."""
        return [
            Route("/", self.file, methods=["GET"]),
            Route("/page/model.json", self.description, methods=["GET"]),
            Route("/page/{name}", self.file, methods=["GET"]),
        ]

    async def file(self, request: Request) -> Response:
        """Answers a file of the page."""
        name = request.path_params.get("name", "index.html")
        if name not in self._files:
            raise HTTPException(404)
        content, kind = self._files[name]
        return Response(content, headers=HEADERS | {"content-type": kind})

    async def description(self, request: Request) -> Response:
        """Tells the page what is served."""
        with self._model.version() as version:
            told = {
                "name": self._model.name,
                "version": str(version.number),
                "signatures": sorted(version.signatures),
                "stream": version.streams,
                "serving": version.description,
            }
        reply = json_reply(told)
        reply.headers.update(HEADERS | {"cache-control": "no-store"})
        return reply
