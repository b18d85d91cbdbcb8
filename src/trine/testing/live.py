"""A real server for tests that need one: a browser, a generated client, a socket."""

import asyncio
import socket
import time
from types import TracebackType
from typing import Any, Self

from granian.server.embed import Server

from .portal import Portal
from .rsgi import RSGIWire


class LiveServer:
    """Granian in a thread of this process, on a free port of the loopback, while inside `with`.

    The test may look at what the application holds: both share one memory, but not one event loop.
    """

    patience = 30.0

    def __init__(self, app: Any) -> None:
        self.app = app
        self.port = _free_port()
        self._wire = RSGIWire(app)
        self._portal: Portal | None = None
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._portal = portal = Portal()
        try:
            portal.call(self._start())
            self._wait()
        except BaseException:
            portal.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        portal, self._portal = self._portal, None
        if portal is not None:
            try:
                portal.call(self._stop())
            finally:
                portal.close()

    async def _start(self) -> None:
        await self._wire.start()
        self._server = Server(_Started(self.app), address="127.0.0.1", port=self.port, log_enabled=False)
        self._serving = asyncio.ensure_future(self._server.serve())

    async def _stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.stop()  # type: ignore[no-untyped-call] # Granian declares no types for it
            await self._serving
        await self._wire.stop()

    def _wait(self) -> None:
        """Return once somebody listens."""
        deadline = time.monotonic() + self.patience
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._serving is not None and self._serving.done():
                self._serving.result()
            if time.monotonic() > deadline:
                raise TimeoutError(f"The server did not listen on port {self.port} within {self.patience:g} seconds.")
            time.sleep(0.01)


class _Started:
    """The application without its start and stop: an embedded Granian would run them on a loop that runs already."""

    def __init__(self, app: Any) -> None:
        self.__rsgi__ = app.__rsgi__


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
