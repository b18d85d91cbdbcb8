"""Granian: the server that `trine run` starts. It speaks RSGI and ASGI, and reads HTTP outside of Python.

Granian's own process manager is not used: it gives each worker a socket of its own, whose waiting connections are lost
with it, and gives up when a worker dies twice within six seconds. Names that Granian does not promise are used here and
in `scheduler.py` alone.
"""

import asyncio
import logging
import resource
from collections.abc import Callable, Iterable
from typing import Any

from granian import _granian, asgi
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server import mp

from .access import access_log_of
from .drain import apologise, closing_asgi, closing_rsgi, is_drain
from .one_core import share_one_core
from .options import ServerOptions
from .scheduler import finish, install
from .switch import Switch
from .worker import Worker

logger = logging.getLogger("trine.server")
Answer = Callable[[Any, Any], Any]

# Granian's type hints do not cover what is used here.
_native: Any = _granian
_lifespans: Any = asgi
_processes: Any = mp

# Granian's buffer for headers is also the size in which it reads bodies: four times fewer steps for a large upload. An
# application of ours counts the headers itself; for another one the buffer is the limit.
_READ_SIZE = 256 * 1024
# Descriptors that are not connections: files, databases, the loop's own.
_RESERVED = 256
_FILE_THREADS = 512


def serve(app: Any, worker: Worker) -> None:
    """Serve an application until the worker is asked to stop."""
    share_one_core()
    loop = worker.new_loop()
    logging.getLogger("_granian").setLevel(logging.WARNING)
    needs_asgi = getattr(app, "needs_asgi", None)
    if needs_asgi is not None and worker.options.interface == "rsgi":
        logger.info("Served over ASGI: the WebSocket %s speaks a subprotocol, which Granian does not send over RSGI.", needs_asgi)
    if worker.options.interface == "rsgi" and hasattr(app, "__rsgi__") and needs_asgi is None:
        _serve_rsgi(app, worker, loop)
    else:
        _serve_asgi(app, worker, loop)


def _serve_rsgi(app: Any, worker: Worker, loop: asyncio.AbstractEventLoop) -> None:
    start, stop = (getattr(app, name, lambda loop: None) for name in ("__rsgi_init__", "__rsgi_del__"))
    entry: Any = app if hasattr(app, "drain") else Switch(app.__rsgi__, closing_rsgi)
    answer: Answer = app.__rsgi__ if hasattr(app, "drain") else entry
    if worker.options.access_log:
        answer = access_log_of(app, worker.options.access_log_format).rsgi(answer)
    elif hasattr(app, "rsgi_entry"):
        # The short way goes past `answer`, so it is for those who need no log.
        install(app)
    counts_headers = hasattr(app, "header_limit")
    if counts_headers:
        app.header_limit = worker.options.header_buffer
    start(loop)
    _run(_native.RSGIWorker, answer, entry.drain, worker, loop, counts_headers=counts_headers)
    stop(loop)


def _serve_asgi(app: Any, worker: Worker, loop: asyncio.AbstractEventLoop) -> None:
    entry: Any = app if hasattr(app, "drain") else Switch(app, closing_asgi)
    target = access_log_of(app, worker.options.access_log_format).asgi(entry) if worker.options.access_log else entry
    lifespan = _lifespans.LifespanProtocol(app)
    loop.run_until_complete(lifespan.startup())
    if lifespan.interrupt:
        raise lifespan.exc or RuntimeError("The application's lifespan refused to start.")

    def answer(scope: Any, protocol: Any) -> Any:
        scope.update(root_path="", state=lifespan.state.copy())
        return target(scope, protocol.receive, protocol.send)

    _run(_native.ASGIWorker, answer, entry.drain, worker, loop, counts_headers=hasattr(app, "header_limit"))
    loop.run_until_complete(lifespan.shutdown())


def _run(
    kind: Any,
    answer: Answer,
    drain: Callable[[], None],
    worker: Worker,
    loop: asyncio.AbstractEventLoop,
    *,
    counts_headers: bool,
) -> None:
    async def answer_request(watcher: Any) -> None:
        try:
            await answer(watcher.scope, watcher.proto)
        except BaseException as error:  # noqa: BLE001 - Granian answers it
            if not is_drain(error):
                watcher.err(error)
                return
            apologise(watcher.proto)
        watcher.done()

    served = _Served(loop, {answer_request.__code__, finish.__code__})
    granian = _new_worker(kind, worker.listener, worker.options, counts_headers=counts_headers)
    threaded = kind is _native.ASGIWorker or worker.options.http == "2"
    serve_name = f"serve_{'mtr' if threaded else 'str'}{'_uds' if worker.options.uds else ''}"
    scheduler = _processes._new_cbscheduler(loop, answer_request, impl_asyncio=True)  # noqa: SLF001 - Granian's own
    worker.watch(loop)
    getattr(granian, serve_name)(scheduler, loop, served.signal)
    worker.ready()

    async def run() -> None:
        await worker.until_asked()
        await worker.drain(served, drain)

    loop.run_until_complete(run())


class _Served:
    """Granian's worker, as it is stopped."""

    def __init__(self, loop: asyncio.AbstractEventLoop, codes: set[Any]) -> None:
        self.loop = loop
        self.codes = codes
        self.signal = _native.WorkerSignal()
        self._closed = False
        self.signal.add_cb(lambda: loop.call_soon_threadsafe(self._note_closed))

    def close(self) -> None:
        """Accept nothing more, and close every connection as soon as it has its answer."""
        self.signal.set()

    def is_closed(self) -> bool:
        """Whether every connection has ended."""
        return self._closed

    def in_flight(self) -> Iterable["asyncio.Task[Any]"]:
        """Requests that are being answered."""
        return [task for task in asyncio.all_tasks(self.loop) if getattr(task.get_coro(), "cr_code", None) in self.codes]

    def _note_closed(self) -> None:
        self._closed = True


def _new_worker(kind: Any, listener: Any, options: ServerOptions, *, counts_headers: bool) -> Any:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = max(1, min(options.max_connections, soft - _RESERVED))
    http1 = HTTP1Settings(
        header_read_timeout=int(options.header_timeout * 1000),
        keep_alive=True,
        max_buffer_size=max(_READ_SIZE, options.header_buffer) if counts_headers else options.header_buffer,
    )
    http2 = HTTP2Settings(max_headers_size=options.header_buffer)
    tls: tuple[Any, ...] = (
        options.tls_certificate is not None,
        options.tls_certificate,
        options.tls_key,
        options.tls_key_password,
        "tls1.2",
        None,  # No certificates are asked of clients.
        [],
        False,
    )
    return kind(
        1,
        # The socket is Granian's from here on: it closes it when it accepts nothing more.
        (None, _native.SocketHolder(listener.detach(), options.uds is not None, options.backlog)),
        None,  # No pipe for metrics.
        1,  # Threads that read and write.
        _FILE_THREADS,  # Threads for files, started when needed.
        1,  # Threads that call Python.
        30,
        connections,
        options.http,
        http1,
        http2,
        *(True,),  # WebSockets.
        None,  # No files: the application serves its own.
        *tls,
        (None, None),
    )
