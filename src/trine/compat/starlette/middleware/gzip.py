"""`starlette.middleware.gzip`: compressed answers."""

import zlib
from collections.abc import Sequence

from trine.compat.starlette.concurrency import run_in_threadpool
from trine.compat.starlette.datastructures import Headers, MutableHeaders
from trine.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_EXCLUDED_CONTENT_TYPES = (
    "text/event-stream",
    "application/grpc",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "video/*",
    "audio/*",
    "font/woff",
    "font/woff2",
)
"""What is compressed already, or read as it is sent."""


class GZipMiddleware:
    """Compress answers of at least `minimum_size` bytes for clients that accept it; a stream piece by piece."""

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int = 500,
        compresslevel: int = 9,
        *,
        thread_minimum_size: int = 128 * 1024,
        exclude_content_types: Sequence[str] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        self.compresslevel = compresslevel
        self.thread_minimum_size = thread_minimum_size
        self.exclude_content_types = exclude_content_types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        responder = GZipResponder(
            self.app,
            self.minimum_size,
            self.compresslevel,
            thread_minimum_size=self.thread_minimum_size,
            exclude_content_types=self.exclude_content_types,
        )
        responder.is_wanted = "gzip" in Headers(raw=scope["headers"]).get("accept-encoding", "")
        await responder(scope, receive, send)


class GZipResponder:
    """One answer, compressed on its way."""

    is_wanted = True
    """Whether the client accepts it; otherwise only `Vary` is added."""

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int,
        compresslevel: int = 9,
        *,
        thread_minimum_size: int = 128 * 1024,
        exclude_content_types: Sequence[str] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        self.app = app
        self.minimum_size = minimum_size
        self.thread_minimum_size = thread_minimum_size
        self._excluded = [kind.partition(";")[0].strip().lower() for kind in exclude_content_types]
        self._compressor = zlib.compressobj(compresslevel, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        self._start: Message | None = None
        self._left_alone = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        self._send = send
        await self.app(scope, receive, self._pass_on)

    async def _pass_on(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            # Kept until it is known how long the answer is.
            self._start, self._left_alone = message, self._is_excluded(message)
            if self._left_alone:
                await self._send_start()
        elif kind == "http.response.body" and not self._left_alone:
            await self._pass_body(message)
        else:
            await self._send_start()
            await self._send(message)

    async def _pass_body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        start = self._start
        if start is not None:
            headers = MutableHeaders(raw=start.get("headers", ()))
            if not more and len(body) < self.minimum_size:
                self._left_alone = True
            else:
                headers.add_vary_header("Accept-Encoding")
                self._left_alone = not self.is_wanted
            if self._left_alone:
                self._start = {**start, "headers": headers.raw}
                await self._send_start()
                await self._send(message)
                return
            body = await self._compress(body, more=more)
            headers["content-encoding"] = "gzip"
            del headers["content-length"]
            if not more and not start.get("trailers", False):
                headers["content-length"] = str(len(body))
            self._start = {**start, "headers": headers.raw}
            await self._send_start()
        else:
            body = await self._compress(body, more=more)
        await self._send({**message, "body": body})

    async def _send_start(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)

    def _is_excluded(self, start: Message) -> bool:
        headers = Headers(raw=start.get("headers", ()))
        if start["status"] == 206 or "content-encoding" in headers:
            return True
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return any(
            kind == one or (one.endswith("/*") and kind.startswith(one[:-1])) or _is_grpc(one, kind) for one in self._excluded
        )

    async def _compress(self, body: bytes, *, more: bool) -> bytes:
        if len(body) >= self.thread_minimum_size:
            return await run_in_threadpool(self._compress_now, body, more)
        return self._compress_now(body, more)

    def _compress_now(self, body: bytes, more: bool) -> bytes:
        written = self._compressor.compress(body)
        return written + self._compressor.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)


def _is_grpc(excluded: str, kind: str) -> bool:
    return excluded == "application/grpc" and kind.startswith("application/grpc+")
