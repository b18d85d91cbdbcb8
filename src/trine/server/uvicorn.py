"""Uvicorn, for those who want it: `trine run --server uvicorn`."""

import asyncio
import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from .access import access_log_of
from .allocator import keep_freed_memory
from .drain import closing_asgi
from .options import ServerOptions
from .switch import Switch
from .worker import Worker

logger = logging.getLogger("trine")


def serve(app: Any, worker: Worker) -> None:
    """Serve an application until the worker is asked to stop."""
    keep_freed_memory()
    loop = worker.new_loop()
    entry: Any = app if hasattr(app, "drain") else Switch(app, closing_asgi)
    target = access_log_of(app, worker.options.access_log_format).asgi(entry) if worker.options.access_log else entry
    config = _config(target, worker.options)
    if hasattr(app, "max_message_size"):
        config.ws_max_size = app.max_message_size
    server = _Server(config, worker)

    async def run() -> None:
        serving = asyncio.ensure_future(server.serve(sockets=[worker.listener]))
        asked = asyncio.ensure_future(worker.until_asked())
        await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            await worker.drain(server, entry.drain)
        asked.cancel()
        await serving

    worker.watch(loop)
    loop.run_until_complete(run())
    if server.lifespan.should_exit and not server.started:
        raise SystemExit(1)


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the worker says when to stop."""

    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self.worker = worker
        self._waiting: dict[Any, float] = {}

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the worker."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self.worker.ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: every second, cut off who sends the headers too slowly, for which Uvicorn has no limit."""
        if counter % 10 == 0:
            self._cut_slow_headers()
        return await super().on_tick(counter)

    def _cut_slow_headers(self) -> None:
        now = asyncio.get_running_loop().time()
        before, self._waiting = self._waiting, {}
        for connection in list(self.server_state.connections):
            if not _awaits_headers(connection):
                continue
            since = self._waiting[connection] = before.get(connection, now)
            if now - since > self.worker.options.header_timeout:
                logger.info("A connection is cut: its headers were not complete after %g s.", self.worker.options.header_timeout)
                connection.transport.close()

    def close(self) -> None:
        """Accept nothing more, and close every connection as soon as it has its answer."""
        self.should_exit = True

    def is_closed(self) -> bool:
        """Whether every connection has ended."""
        return not self.server_state.connections

    def in_flight(self) -> Iterable["asyncio.Task[Any]"]:
        """Requests that are being answered."""
        return list(self.server_state.tasks)


def _awaits_headers(connection: Any) -> bool:
    """Whether a connection has begun to send a request, or has just been opened: idle ones have a timer, WebSockets no cycle."""
    cycle = getattr(connection, "cycle", connection)
    is_free = cycle is None or getattr(cycle, "response_complete", False)
    return is_free and connection.timeout_keep_alive_task is None and not connection.transport.is_closing()


def _config(app: Any, options: ServerOptions) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        loop="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        # Who is believed is the application's setting `trusted_proxies`.
        proxy_headers=False,
        server_header=False,
        backlog=options.backlog,
        limit_concurrency=None,
        timeout_keep_alive=int(options.header_timeout),
        # The worker ends what is late; this is for the case that it cannot.
        timeout_graceful_shutdown=int(options.drain_timeout) + 5,
        h11_max_incomplete_event_size=options.header_buffer,
        ssl_certfile=options.tls_certificate,
        ssl_keyfile=options.tls_key,
        ssl_keyfile_password=options.tls_key_password,
    )
