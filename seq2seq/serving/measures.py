"""What a server tells Prometheus."""

from typing import Protocol

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Watched(Protocol):
    """Is what can be asked at any time."""

    @property
    def number(self) -> int:
        """Which version is served."""

    @property
    def waiting(self) -> int:
        """How many rows wait for a batch."""


class Measures:
    """Counts requests and batches of one server; `model`, its name, is a label of each number."""

    TYPE = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, model: str):
        registry = self._registry = CollectorRegistry()
        self._model = model
        self._requests = Counter(
            "seq2seq_requests",
            "Requests by method and status.",
            ["model", "method", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "seq2seq_request_seconds",
            "Seconds from a request to the end of its answer.",
            ["model", "method"],
            buckets=SECONDS,
            registry=registry,
        )
        self._rows = Histogram(
            "seq2seq_batch_rows", "Rows of a batch.", buckets=ROWS, registry=registry
        )
        self._batch_seconds = Histogram(
            "seq2seq_batch_seconds", "Seconds a batch ran.", buckets=SECONDS, registry=registry
        )
        self._queue = Gauge("seq2seq_queue_rows", "Rows that wait for a batch.", registry=registry)
        self._version = Gauge(
            "seq2seq_model_version", "The version that is served.", registry=registry
        )

    def watch(self, model: Watched) -> None:
        """Tells from now on of a model as well."""
        self._queue.set_function(lambda: model.waiting)
        self._version.set_function(lambda: model.number)

    def request(self, method: str, status: int, seconds: float) -> None:
        """Counts an answered request."""
        self._requests.labels(self._model, method, str(status)).inc()
        self._seconds.labels(self._model, method).observe(seconds)

    def batch(self, rows: int, seconds: float) -> None:
        """Counts a batch that was run."""
        self._rows.observe(rows)
        self._batch_seconds.observe(seconds)

    def text(self) -> bytes:
        """Writes all numbers as Prometheus reads them."""
        return prometheus_client.generate_latest(self._registry)
