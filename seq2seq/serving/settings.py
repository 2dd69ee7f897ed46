"""What a server is told when it starts."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Says where a server listens and what it bears.

    Args:
        host, port: where it listens; port 0 takes a free one.
        deadline: seconds from a request to its answer (TensorFlow Serving's
            rest_api_timeout_in_ms).
        max_body: the most bytes of a request.
        max_line: the most bytes of one text.
        streams: texts that are told while they are found, at once.
        poll: seconds between looks for new versions.
        grace: seconds that requests have to end after a signal.
        threads: of one operation; with one of each batch, most is answered in all, and more of
            them answer sooner who asks alone.
        batching: limits of `Batching` that replace those of the version's file.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    deadline: float = 30.0
    max_body: int = 16 * 2**20
    max_line: int = 2**17
    streams: int = 4
    poll: float = 1.0
    grace: float = 30.0
    threads: int = 1
    batching: dict[str, str] = field(default_factory=dict)
