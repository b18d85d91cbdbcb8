"""WSGI applications (PEP 3333): called in worker threads, their bodies streamed both ways."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextvars import copy_context
from functools import partial
from inspect import Parameter, iscoroutinefunction, signature
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any

from trine.concurrency import run_in_context
from trine.http import Handler, ReadyResponse, Request, Response, StreamingResponse
from trine.types import Application, Receive, Scope, Send

from .asgi import ASGIRequest, below_root, encode_pairs, send_response
from .environ import asgi_environ, make_environ, rsgi_environ
from .reply import HeaderList

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ServeHandler = Callable[[Handler], Callable[..., Awaitable[None]]]
"""Makes what answers a server of what answers a `Request`."""
_SMALL = 256 * 1024
"""A body up to this size is read before a thread is taken; of a larger one the application reads as much as it wants."""
_GATHER = 64 * 1024
_PATIENCE = 30
"""So long an application waits for the next piece of a large body."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_PLAIN = frozenset(str(status) for status in range(200, 600) if status not in (204, 205, 304))
"""Statuses whose answer has a body."""
# They belong to a connection, which is not the application's (PEP 3333, RFC 9110 §7.6.1).
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


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
    """A WSGI application that answers requests. A short answer costs one hop to a worker thread, a stream one for each piece."""

    def __init__(self, app: WSGIApp, defaults: HeaderList | None = None) -> None:
        self.app = app
        self.defaults = _Defaults(defaults or [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI server. WebSockets are refused: WSGI has none."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        request = ASGIRequest(scope, receive)
        try:
            response = await self.answer_below(request, request.path)
            await send_response(response, send, [], head=request.method == "HEAD", scope=scope)
        finally:
            await request.close()

    async def answer_below(self, request: Request, path: str) -> Response:
        """Answer a request whose path ends in `path`: what stands before it is where the application is mounted."""
        environ = make_environ(request, path)
        length, apart = environ.get("CONTENT_LENGTH"), False
        if length == "0" or (length is None and not _may_have_body(request, environ)):
            environ["wsgi.input"] = BytesIO()
        else:
            request.body_limit = None
            if length is not None and length.isdecimal() and len(length) < 10 and int(length) <= _SMALL:
                environ["wsgi.input"] = BytesIO(await request.body())
            else:
                # It may take long to come: other threads wait for it than those that everybody needs.
                environ["wsgi.input"] = BufferedReader(_Incoming(request.stream()), _GATHER)
                apart = True
        call = _Call(self.app, environ)
        return await call.answer(await call.begin(apart=apart), request, self.defaults)

    def rsgi_endpoint(self, prefix: str, app: Application, serve: ServeHandler) -> Callable[[Any, Any, Any], Awaitable[None]]:
        """What answers RSGI below a prefix. A short answer to a request without a body needs neither a Request nor a Response."""
        general = serve(lambda request: self.answer_below(request, request.path[len(prefix) :]))
        wsgi, defaults = self.app, self.defaults

        async def answer_wsgi(scope: Any, proto: Any, headers: Any) -> None:
            if scope.method not in _BODILESS or "content-length" in headers or "transfer-encoding" in headers:
                await general(scope, proto, headers)
                return
            environ = rsgi_environ(scope, getattr(app, "root_path", ""), prefix)
            environ["wsgi.input"] = BytesIO()
            call = _Call(wsgi, environ)
            body = await call.begin()
            if call.is_plain(body):
                proto.response_bytes(int(call.status[:3]), call.lines + defaults.missing_in(call.lines).pairs, body)
            else:
                await serve(partial(call.answer, body, defaults=defaults))(scope, proto)

        return answer_wsgi

    def asgi_endpoint(self, prefix: str, app: Application, serve: ServeHandler) -> Callable[..., Awaitable[None]]:
        """The same for ASGI."""
        general = serve(lambda request: self.answer_below(request, request.path[len(prefix) :]))
        wsgi, defaults = self.app, self.defaults

        async def answer_wsgi(scope: Scope, receive: Receive, send: Send, _headers: Any) -> None:
            root_path = scope.get("root_path", "")
            path = below_root(scope["path"], root_path) if root_path else scope["path"]
            environ = asgi_environ(scope, path, root_path or getattr(app, "root_path", ""), prefix)
            if scope["method"] not in _BODILESS or "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
                await general(scope, receive, send)
                return
            environ["wsgi.input"] = BytesIO()
            call = _Call(wsgi, environ)
            body = await call.begin()
            if call.is_plain(body):
                raw = [(b"content-length", b"%d" % len(body)), *encode_pairs(call.lines), *defaults.missing_in(call.lines).raw]
                await send({"type": "http.response.start", "status": int(call.status[:3]), "headers": raw})
                await send({"type": "http.response.body", "body": body})
            else:
                await serve(partial(call.answer, body, defaults=defaults))(scope, receive, send)

        return answer_wsgi


def _may_have_body(request: Request, environ: dict[str, Any]) -> bool:
    """Whether a request without a length may have a body: it is chunked, or HTTP/2, where nothing needs to announce it."""
    return "HTTP_TRANSFER_ENCODING" in environ or (
        request.http_version == "2" and request.method not in ("GET", "HEAD", "OPTIONS")
    )


class _Defaults:
    """Headers for answers that do not set them themselves, ready for both interfaces."""

    def __init__(self, pairs: HeaderList) -> None:
        self.pairs = pairs
        self.raw = encode_pairs(pairs)
        self.names = frozenset(name for name, _ in pairs)

    def missing_in(self, lines: HeaderList) -> "_Defaults":
        """Those that the lines do not have: mostly all."""
        present = {name for name, _ in lines}
        return self if present.isdisjoint(self.names) else _Defaults([line for line in self.pairs if line[0] not in present])


class _Call:
    """One call of a WSGI application, stepped from worker threads, in one context whichever thread it is."""

    __slots__ = (
        "_iterable",
        "_iterator",
        "app",
        "context",
        "environ",
        "failed",
        "finished",
        "is_abandoned",
        "is_idle",
        "length",
        "lines",
        "sent",
        "status",
        "written",
    )

    def __init__(self, app: WSGIApp, environ: dict[str, Any]) -> None:
        self.app = app
        self.environ = environ
        self.context = copy_context()
        self.status = ""
        self.lines: HeaderList = []
        self.length: str | None = None
        self.written = bytearray()
        self.finished = False
        self.failed: Exception | None = None
        self.sent = False
        self.is_idle = False
        self.is_abandoned = False
        self._iterable: Iterable[bytes] = ()

    async def begin(self, *, apart: bool = False) -> bytes:
        """Call the application in a worker thread. Gives the first piece of its body; what went wrong, `answer` tells."""
        try:
            return await run_in_context(self.context, self.start, apart=apart)
        except Exception as error:  # noqa: BLE001 - told by `answer`, where it is handled
            self.failed = error
        except BaseException:
            self.abandon()
            raise
        return b""

    def is_plain(self, body: bytes) -> bool:
        """Whether the answer is complete, and goes out as it is."""
        return self.finished and bool(body) and self.status[:3] in _PLAIN and self.environ["REQUEST_METHOD"] != "HEAD"

    async def answer(self, body: bytes, request: Request, defaults: "_Defaults") -> Response:
        """The response that has begun with a piece of its body."""
        if self.failed is not None:
            raise self.failed
        if self.finished:
            return self.whole_response(request, body, defaults)
        request.exit_stack.push_async_callback(self.end)
        return self.stream_response(body)

    def start(self) -> bytes:
        """Call the application and give the first piece of its body, all of it where it is short."""
        try:
            self._iterable = self.app(self.environ, self._start_response)
            self._iterator = iter(self._iterable)
            chunk = self.gather()
            if not self.status:
                raise RuntimeError("The WSGI application sent a body without calling start_response().")
        except BaseException:
            self.close()
            raise
        self.sent = True
        if self.finished:
            self.close()
        self.is_idle = True
        # Said before it is asked, and abandon() does it the other way round: one of the two closes.
        if self.is_abandoned:
            self.close()
        return chunk

    def gather(self) -> bytes:
        """Give the next piece: all that is left where it is short and its length known, else as soon as there is something."""
        gathered, self.written = bytes(self.written), bytearray()
        for chunk in self._iterator:
            gathered = gathered + chunk if gathered else chunk
            # Without a length it is a stream of events, each worth a message; else the answer is ready.
            if gathered and (self.length is None or len(gathered) >= _GATHER):
                return gathered
        self.finished = True
        return gathered

    def close(self) -> None:
        """Let the application clean up, once."""
        iterable, self._iterable = self._iterable, ()
        close = getattr(iterable, "close", None)
        if close is not None:
            close()

    def abandon(self) -> None:
        """Nobody waits any more: what the application holds is let go as soon as its thread stands still."""
        self.is_abandoned = True
        if self.is_idle:
            run_in_context(self.context, self.close)

    async def end(self) -> None:
        """Let the application clean up after a stream."""
        await run_in_context(self.context, self.close)

    def whole_response(self, request: Request, body: bytes, defaults: "_Defaults") -> Response:
        """A response whose body is there. Its length is known better here: another one would break the connection."""
        status = int(self.status[:3])
        if request.method == "HEAD" or status < 200 or status in (204, 304):
            return self._with_headers(Response(None, status))
        missing = defaults.missing_in(self.lines)
        raw = [*encode_pairs(self.lines), *missing.raw] if isinstance(request, ASGIRequest) else []
        return ReadyResponse(body, status, self.lines + missing.pairs, raw)

    def stream_response(self, first: bytes) -> Response:
        """A response whose body is still being made."""
        return self._with_headers(StreamingResponse(self._pieces(first), int(self.status[:3])))

    def _with_headers(self, response: Response) -> Response:
        if "content-length" in response.headers:
            del response.headers["content-length"]
        if self.length is not None:
            response.headers.append("content-length", self.length)
        for name, value in self.lines:
            response.headers.append(name, value)
        return response

    async def _pieces(self, chunk: bytes) -> AsyncIterator[bytes]:
        yield chunk
        while not self.finished:
            chunk = await run_in_context(self.context, self.gather)
            if chunk:
                yield chunk

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is not None and self.sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.status and exc_info is None:
            raise RuntimeError("The WSGI application called start_response() twice.")
        self.status, self.lines, self.length = status, [], None
        for name, value in headers:
            lowered = name.lower()
            if lowered == "content-length":
                self.length = value
            elif lowered not in _HOP_BY_HOP:
                self.lines.append((lowered, value))
        return self.written.extend


class _Incoming(RawIOBase):
    """A body that is still on its way, read by a worker thread as it needs it."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._loop = asyncio.get_running_loop()
        self._chunk = b""

    def readable(self) -> bool:
        """It is for reading alone."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for the next piece, and copy what fits."""
        if not self._chunk:
            self._chunk = asyncio.run_coroutine_threadsafe(self._receive(), self._loop).result(_PATIENCE)
        piece, self._chunk = self._chunk[: len(buffer)], self._chunk[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    async def _receive(self) -> bytes:
        return await anext(self._chunks, b"")
