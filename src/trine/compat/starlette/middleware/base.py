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
        self.messages: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        self.running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, kind: Any, failure: Any, traceback: Any) -> None:
        if self.running is None:
            return
        if failure is not None or not self.messages.empty():
            # Nobody takes the rest of the answer.
            self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        if failure is None and not self.running.cancelled() and (error := self.running.exception()):
            raise error

    async def call(self, request: Request) -> Response:
        """Give the application's response; its body is passed on while it is made."""
        self.running = asyncio.create_task(self._run(request.scope))
        start = await self._next()
        if start is None:
            await self.running
            raise RuntimeError("No response returned.")
        response = StreamingResponse(self._body(), status_code=start["status"])
        response.headers = response.headers.__class__(raw=start.get("headers", ()))
        return response

    async def _run(self, scope: Scope) -> None:
        await self.app(scope, self._receive, self._send)

    async def _send(self, message: Message) -> None:
        """Hand a message over, and wait until it was taken: the application is never ahead of its reader."""
        await self.messages.put(message)
        await self.messages.join()

    async def _next(self) -> Message | None:
        """Wait for a message; None when the application ended without another one."""
        running = self.running
        if self.messages.empty() and running is not None:
            waiting = asyncio.ensure_future(self.messages.get())
            await asyncio.wait([waiting, running], return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                self.messages.task_done()
                return waiting.result()
            waiting.cancel()
        if self.messages.empty():
            return None
        message = self.messages.get_nowait()
        self.messages.task_done()
        return message

    async def _receive(self) -> Message:
        """Pass the body on: kept, where the middleware has read it, else as it comes."""
        kept = vars(self.request).pop("_body", None)
        if kept is not None:
            return {"type": "http.request", "body": kept, "more_body": False}
        return await self.request.receive()

    async def _body(self) -> AsyncIterator[bytes]:
        while (message := await self._next()) is not None:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                break
        if self.running is not None:
            await self.running


__all__ = ["BaseHTTPMiddleware", "ClientDisconnect", "DispatchFunction", "RequestResponseEndpoint"]
