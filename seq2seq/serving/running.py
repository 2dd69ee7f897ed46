"""A server in a thread of this process, for tests and notebooks."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from seq2seq.serving.application import application
from seq2seq.serving.server import Server, bound, url_of
from seq2seq.serving.settings import Settings


@contextlib.contextmanager
def served(folder: Path, settings: Settings = Settings(port=0)) -> Iterator[str]:
    """Serves a model while the context lasts -> where, such as "http://127.0.0.1:41234".

    Raises:
        ValueError: no version of the model loads, or the port is taken.
    """
    with bound(settings) as place:
        started = threading.Event()
        server = Server(
            application(folder, settings), place, settings.grace, lambda url: started.set()
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            started.wait()
            yield url_of(place)
        finally:
            server.drain()
            thread.join()
