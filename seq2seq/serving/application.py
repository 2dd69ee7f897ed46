"""The web application: what is answered under which path."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seq2seq.serving.measures import Measures
from seq2seq.serving.model_version import ModelVersion
from seq2seq.serving.openapi import openapi
from seq2seq.serving.pages import Pages
from seq2seq.serving.replies import json_reply, on_failure, on_http_error, on_serving_error
from seq2seq.serving.rest import Rest
from seq2seq.serving.serving_error import ServingError
from seq2seq.serving.settings import Settings
from seq2seq.serving.streaming import Streaming
from seq2seq.serving.traffic import Traffic
from seq2seq.serving.watched_model import WatchedModel

METRICS = "/monitoring/prometheus/metrics"


def application(folder: Path, settings: Settings) -> Traffic:
    """Loads the model of a folder, such as saved_models/translate, and makes what answers for it.

    Raises:
        ValueError: no version of it loads.
    """
    measures = Measures(folder.absolute().name)
    model = WatchedModel(folder, lambda version: ModelVersion(version, settings, measures.batch))
    model.open()
    measures.watch(model)
    rest = Rest(model, settings)

    async def metrics(request: Request) -> Response:
        return Response(measures.text(), media_type=measures.TYPE)

    async def document(request: Request) -> Response:
        with model.version() as version:
            return json_reply(openapi(model.name, version))

    @contextlib.asynccontextmanager
    async def watching(app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(model.watch(settings.poll))
        yield
        watch.cancel()
        model.close()

    parts = [*rest.routes(), *Streaming(rest, settings).routes(), *Pages(model).routes()]
    single = [Route(METRICS, metrics), Route("/openapi.json", document)]
    app = Starlette(
        routes=[*parts, *single],
        lifespan=watching,
        exception_handlers={
            ServingError: on_serving_error,
            HTTPException: on_http_error,
            Exception: on_failure,
        },
    )
    app.router.redirect_slashes = False
    return Traffic(app, measures.request)
