"""`starlette.middleware.base`: middleware as a function of the request and of what calls the rest."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from trine.compat.starlette.requests import ClientDisconnect, Request
from trine.compat.starlette.responses import Response, StreamingResponse
from trine.server.asgi import send_response
from trine.types import ASGIApp, Message, Receive, Scope, Send

RequestResponseEndpoint = Callable[[Request], Awaitable[Response]]
DispatchFunction = Callable[[Request, RequestResponseEndpoint], Awaitable[Any]]


class BaseHTTPMiddleware:
    """Wrap an application with `dispatch(request, call_next)`."""

    def __init__(self, app: ASGIApp, dispatch: DispatchFunction | None = None) -> None:
        self.app = app
        self.dispatch_func: DispatchFunction = dispatch or self.dispatch

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Any:
        """Answer a request, usually by way of `call_next`. Subclasses say how."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        async with Rest(self.app, request) as rest:
            response = await self.dispatch_func(request, rest.call)
            await send_response(response, send, [], head=scope["method"] == "HEAD")


class Rest:
    """What lies below a middleware, as a function from request to response. It ends with the block."""

    def __init__(self, app: ASGIApp, request: Request) -> None:
        self.app = app
        self.request = request
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue(maxsize=1)
        self.running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, kind: Any, failure: Any, traceback: Any) -> None:
        if self.running is None:
            return
        if failure is not None or self.messages.full():
            # Nobody takes the rest of the answer.
            self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        if failure is None and not self.running.cancelled() and (error := self.running.exception()):
            raise error

    async def call(self, request: Request) -> Response:
        """Give the application's response; its body is passed on while it is made."""
        self.running = asyncio.create_task(self._run(request.scope))
        start = await self.messages.get()
        if start is None:
            await self.running
            raise RuntimeError("No response returned.")
        response = StreamingResponse(self._body(), status_code=start["status"])
        response.headers = response.headers.__class__(raw=start.get("headers", ()))
        return response

    async def _run(self, scope: Scope) -> None:
        try:
            await self.app(scope, self._receive, self.messages.put)
        finally:
            # The reader may have gone, and then the queue stays full for ever.
            if not self.messages.full():
                self.messages.put_nowait(None)

    async def _receive(self) -> Message:
        """Pass the body on: kept, where the middleware has read it, else as it comes."""
        kept = vars(self.request).pop("_body", None)
        if kept is not None:
            self.request._replayed = True  # type: ignore[attr-defined] # remembered on the request itself
            return {"type": "http.request", "body": kept, "more_body": False}
        return await self.request.receive()

    async def _body(self) -> AsyncIterator[bytes]:
        while (message := await self.messages.get()) is not None:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                break
        await self.messages.get()
        if self.running is not None:
            await self.running


__all__ = ["BaseHTTPMiddleware", "ClientDisconnect", "DispatchFunction", "RequestResponseEndpoint"]
