"""Hypercorn, for those who want it: `trine run --server hypercorn`."""

import asyncio
from typing import Any

from hypercorn.asyncio import serve as serve_hypercorn
from hypercorn.config import Config

from trine.types import Message, Receive, Scope, Send

from .access import access_log_of
from .drain import closing_asgi
from .options import ServerOptions
from .switch import Switch
from .worker import LINGER, Worker


def serve(app: Any, worker: Worker) -> None:
    """Serve an application until the worker is asked to stop. Hypercorn ends what is late by its own graceful timeout."""
    loop = worker.new_loop()
    entry: Any = app if hasattr(app, "drain") else Switch(app, closing_asgi)
    target = access_log_of(app, worker.options.access_log_format).asgi(entry) if worker.options.access_log else entry
    started = False

    async def note_start(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal started
        if scope["type"] != "lifespan":
            await target(scope, receive, send)
            return

        async def send_and_note(message: Message) -> None:
            nonlocal started
            if message["type"] == "lifespan.startup.complete":
                started = True
                loop.call_soon(worker.ready)
            await send(message)

        await target(scope, receive, send_and_note)

    async def asked_to_stop() -> None:
        await worker.until_asked()
        entry.drain()
        await asyncio.sleep(LINGER)

    worker.watch(loop)
    # Hypercorn writes its own types for what ASGI calls scope and messages.
    asgi: Any = note_start
    loop.run_until_complete(serve_hypercorn(asgi, _config(worker, worker.options), shutdown_trigger=asked_to_stop))
    if not started:
        raise SystemExit(1)


def _config(worker: Worker, options: ServerOptions) -> Config:
    config = Config()
    config.bind = [f"fd://{worker.listener.fileno()}"]
    config.accesslog = None
    config.backlog = options.backlog
    config.certfile = options.tls_certificate
    config.keyfile = options.tls_key
    config.keyfile_password = options.tls_key_password
    config.graceful_timeout = options.drain_timeout
    config.h11_max_incomplete_size = options.header_buffer
    config.include_server_header = False
    config.keep_alive_timeout = options.header_timeout
    config.loglevel = "WARNING"
    return config
