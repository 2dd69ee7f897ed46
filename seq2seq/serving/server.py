"""Runs the application: binds, serves, and ends when it is told to."""

import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from seq2seq.serving.settings import Settings
from seq2seq.serving.traffic import Traffic

IDLE = 75  # seconds that a connection stays open unused: longer than clients and proxies keep one


class Server(uvicorn.Server):
    """Ends gracefully: after SIGTERM or Ctrl-C, new requests get 503, those that came before end.

    After `grace` seconds, or at a second signal, it ends whatever is open.

    Args:
        traffic: the application.
        place: a bound socket.
        grace: seconds.
        tell: is called with the URL when it answers.
    """

    def __init__(
        self,
        traffic: Traffic,
        place: socket.socket,
        grace: float,
        tell: Callable[[str], None] = lambda url: None,
    ):
        super().__init__(
            uvicorn.Config(
                traffic,
                log_config=None,
                access_log=False,
                server_header=False,
                # Clients keep connections, and one that closes as it is used again fails a request.
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=1,
            )
        )
        self._traffic, self._place, self._grace, self._tell = traffic, place, grace, tell
        self._until = 0.0

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until it is told to end."""
        super().run([self._place])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        if self.started:
            self._tell(url_of(self._place))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Is what a signal calls."""
        if self._traffic.draining:
            self.should_exit = self.force_exit = True
        else:
            self.drain()

    def drain(self) -> None:
        """Lets no new request in, and ends when those inside are answered."""
        self._until = time.monotonic() + self._grace
        self._traffic.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Is called ten times a second -> whether to end."""
        if self._traffic.draining:
            over = time.monotonic() > self._until
            self.should_exit |= over or not self._traffic.open
        return await super().on_tick(counter)


def bound(settings: Settings) -> socket.socket:
    """Takes the port, before the model is loaded; nobody is let in yet.

    Raises:
        ValueError: it is taken, or no such address is this machine's.
    """
    place = None
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        place = socket.socket(family, kind, protocol)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(address)
    except OSError as error:
        if place is not None:
            place.close()
        raise ValueError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "choose another --port or --host"
        ) from None
    return place


def url_of(place: socket.socket) -> str:
    """Tells where a socket is reached."""
    host, port = place.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
