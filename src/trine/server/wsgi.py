"""WSGI applications (PEP 3333) behind an ASGI face: called in worker threads, their bodies streamed both ways."""

import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, iscoroutinefunction, signature
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from trine.concurrency import run_in_thread
from trine.errors import ClientDisconnect
from trine.types import ASGIApp, Message, Receive, Scope, Send

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_SPOOL = 1024 * 1024
_GATHER = 64 * 1024
_END: Any = object()


def as_asgi(app: Any) -> ASGIApp:
    """Give an ASGI face to an application: itself where it speaks ASGI, an adapter where it speaks WSGI."""
    return cast("ASGIApp", app) if speaks_asgi(app) else WSGIAdapter(app)


def speaks_asgi(app: Any) -> bool:
    """Whether a callable takes ASGI's three arguments rather than WSGI's two."""
    call = app if iscoroutinefunction(app) else getattr(app, "__call__", app)  # noqa: B004 - its signature is wanted
    if iscoroutinefunction(call):
        return True
    try:
        parameters = signature(app).parameters.values()
    except (TypeError, ValueError):
        return False
    return sum(item.default is Parameter.empty and item.kind < Parameter.KEYWORD_ONLY for item in parameters) != 2


class WSGIAdapter:
    """A WSGI application as an ASGI one. A short answer costs one hop to a worker thread, a stream one for each piece."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI server. WebSockets are refused: WSGI has none."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        with SpooledTemporaryFile(max_size=_SPOOL) as body:
            await _read_body(receive, body)
            body.seek(0)
            call = _Call(self.app, make_environ(scope, cast("BinaryIO", body)))
            try:
                chunk = await run_in_thread(call.start)
                await send(call.head())
                while chunk is not _END and not call.finished:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    chunk = await run_in_thread(call.gather)
                await send({"type": "http.response.body", "body": b"" if chunk is _END else chunk})
            finally:
                await run_in_thread(call.close)


class _Call:
    """One call of a WSGI application, stepped from worker threads."""

    def __init__(self, app: WSGIApp, environ: dict[str, Any]) -> None:
        self.app = app
        self.environ = environ
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written = bytearray()
        self.finished = False
        self.sent = False
        self._iterable: Iterable[bytes] = ()
        self._iterator: Iterator[bytes] = iter(())

    def start(self) -> bytes:
        """Call the application and give the first piece of its body, all of it where it is short."""
        self._iterable = self.app(self.environ, self._start_response)
        self._iterator = iter(self._iterable)
        chunk = self.gather()
        if not self.status:
            raise RuntimeError("The WSGI application sent a body without calling start_response().")
        self.sent = True
        return chunk

    def gather(self) -> bytes:
        """Give the next piece. Before the head is sent, pieces are joined until they are worth it or exhausted."""
        gathered, self.written = self.written, bytearray()
        for chunk in self._iterator:
            gathered += chunk
            if self.status and gathered and not self._wants_more(gathered):
                return bytes(gathered)
        self.finished = True
        return bytes(gathered)

    def head(self) -> Message:
        """The status and headers as an ASGI message."""
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        return {"type": "http.response.start", "status": int(self.status.split(" ", 1)[0]), "headers": raw}

    def close(self) -> None:
        """Let the application clean up."""
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()

    def _wants_more(self, gathered: bytearray) -> bool:
        # A known length means that the answer is ready, not a stream of events: worth one message.
        known = any(name.lower() == "content-length" for name, _ in self.headers)
        return known and len(gathered) < _GATHER

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is not None and self.sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.status and exc_info is None:
            raise RuntimeError("The WSGI application called start_response() twice.")
        self.status, self.headers = status, headers
        return self.written.extend


async def _read_body(receive: Receive, body: Any) -> None:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect("The client left before its request was complete.")
        chunk = message.get("body", b"")
        # Writing past the spool's memory touches the disk.
        if body.tell() + len(chunk) > _SPOOL:
            await run_in_thread(body.write, chunk)
        else:
            body.write(chunk)
        more = message.get("more_body", False)


def make_environ(scope: Scope, body: BinaryIO) -> dict[str, Any]:
    """Build the WSGI environment of an ASGI scope. Header names with underscores are dropped: they could pose as others."""
    root_path = scope.get("root_path", "")
    path = scope["path"]
    path = path[len(root_path) :] if root_path and path.startswith(root_path) else path
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root_path.encode("utf-8").decode("latin-1"),
        "PATH_INFO": path.encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "asgi.scope": scope,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = scope["client"][0], str(scope["client"][1])
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        joiner = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joiner}{value}" if key in environ else value
    return environ
