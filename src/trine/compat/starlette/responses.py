"""`starlette.responses`: Trine's responses, callable as ASGI applications."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

from trine import http
from trine.server.asgi import make_ready, send_response
from trine.types import ASGIApp, Message, Receive, Scope, Send

from .concurrency import iterate_in_threadpool, run_in_threadpool
from .exceptions import HTTPException
from .loops import first_of, give_way
from .requests import ClientDisconnect

__all__ = [
    "ContentStream",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
]

ContentStream = AsyncIterable[str | bytes | memoryview] | Iterable[str | bytes | memoryview]
PATH_SEND = "http.response.pathsend"


class Response(http.Response):
    """An answer whose body is known."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then run its background work."""
        await send_response(self, for_kind(scope, send), [], head=is_head(scope))

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The header lines as ASGI sends them."""
        return self.headers.raw

    def init_headers(self, headers: Any = None) -> None:
        """Set the headers anew, with the length and type of the body."""
        self.headers = http.MutableHeaders(headers)
        self._describe(self.media_type)


class HTMLResponse(Response, http.HTMLResponse):
    """A page."""


class PlainTextResponse(Response, http.PlainTextResponse):
    """Text as it is."""


class JSONResponse(Response, http.JSONResponse):
    """What the standard library's `json` can encode. NaN and infinity raise ValueError."""

    def render(self, content: Any) -> bytes:
        """Encode the content as compact UTF-8 JSON."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")).encode("utf-8")


class RedirectResponse(Response, http.RedirectResponse):
    """Send the client elsewhere."""


class StreamingResponse(Response, http.StreamingResponse):
    """An answer that is produced while it is sent."""

    body_iterator: Any

    def __init__(self, content: Any, *args: Any, **kwargs: Any) -> None:
        source = content if isinstance(content, AsyncIterable) else iterate_in_threadpool(content)
        super().__init__(source, *args, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response until its end, or until the client leaves; then run its background work."""
        lines = make_ready(self, [], {"method": "", "headers": []})[1]
        await stream(self.chunks(), (self.status_code, lines), scope, receive, for_kind(scope, send))
        if self.background is not None:
            await self.background()


class FileResponse(Response, http.FileResponse):
    """A file from disk."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Read the file, or the parts that are sent, in worker threads."""
        return iterate_in_threadpool(self._read())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, parts of it, or the word that the client has it already; then run its background work."""
        send = for_kind(scope, send)
        await run_in_threadpool(self.load_stat)
        # HEAD says what GET would have sent.
        method = scope.get("method", "GET").upper()
        asked = {"method": "GET" if method == "HEAD" else method, "headers": scope.get("headers", [])}
        try:
            response, lines = make_ready(self, [], asked)
        except HTTPException as error:
            refusal = PlainTextResponse(error.detail, error.status_code, error.headers)
            await send_response(refusal, send, [], head=is_head(scope))
            return
        start = response.status_code, lines
        if is_head(scope) or response.body is not None:
            await send({"type": "http.response.start", "status": start[0], "headers": lines})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif isinstance(response, http.FileResponse) and not response.parts and PATH_SEND in scope.get("extensions", {}):
            await send({"type": "http.response.start", "status": start[0], "headers": lines})
            await send({"type": PATH_SEND, "path": str(self.path)})
        else:
            await stream(response.chunks(), start, scope, receive, send)
        if self.background is not None:
            await self.background()


async def stream(chunks: AsyncIterator[bytes], start: tuple[int, Any], scope: Scope, receive: Receive, send: Send) -> None:
    """Send a body piece by piece. Where the server's `send` does not fail for a client that has left, somebody listens."""

    async def send_all() -> None:
        await send({"type": "http.response.start", "status": start[0], "headers": start[1]})
        async with aclosing(chunks) as pieces:  # type: ignore[type-var] # both kinds can be closed
            async for chunk in pieces:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                # A generator that never waits would keep the loop for itself, and could not even be cancelled.
                await give_way()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def listen() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    if scope["type"] == "websocket":
        await send_all()
    elif _version(scope) >= (2, 4):
        try:
            await send_all()
        except OSError as error:
            raise ClientDisconnect("The client left before its answer was complete.") from error
    else:
        await first_of(send_all, listen)


def _version(scope: Scope) -> tuple[int, ...]:
    return tuple(int(number) for number in scope.get("asgi", {}).get("spec_version", "2.0").split("."))


def is_head(scope: Scope) -> bool:
    """Whether only the header lines are asked for."""
    method: str = scope.get("method", "")
    return method.upper() == "HEAD"


def for_kind(scope: Scope, send: Send) -> Send:
    """Where a WebSocket was asked for, a response refuses the handshake (ASGI's WebSocket Denial Response)."""
    if scope["type"] != "websocket":
        return send

    async def send_denial(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return send_denial


async def answer(response: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Send what an endpoint gave: a response of Starlette's or Trine's kind, or any other ASGI application."""
    if callable(response):
        app: ASGIApp = response
        await app(scope, receive, send)
    elif isinstance(response, http.StreamingResponse):
        await StreamingResponse.__call__(response, scope, receive, send)  # type: ignore[arg-type] # Trine's own, sent likewise
    else:
        await send_response(response, for_kind(scope, send), [], head=is_head(scope), scope=scope)
