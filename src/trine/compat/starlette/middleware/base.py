"""`starlette.middleware.base`: middleware as a function of the request and of what calls the rest."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from trine.compat.starlette.loops import beside, first_of, give_way, make_event
from trine.compat.starlette.requests import ClientDisconnect, Request
from trine.compat.starlette.responses import Response, StreamingResponse, answer
from trine.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BaseHTTPMiddleware", "ClientDisconnect", "DispatchFunction", "RequestResponseEndpoint"]

RequestResponseEndpoint = Callable[[Request], Awaitable[Response]]
DispatchFunction = Callable[[Request, RequestResponseEndpoint], Awaitable[Any]]

_WHOLE = ("http.response.pathsend", "http.response.zerocopysend")
"""Messages that stand for a whole body."""


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
        async with Rest(self.app, request, send) as rest:
            response = await self.dispatch_func(request, rest.call)
            await answer(response, scope, receive, rest.watch(send))


class _Ended(Exception):
    """The application has nothing more to say."""


class Rest:
    """What lies below a middleware, as a function from request to response. It ends with the block."""

    def __init__(self, app: ASGIApp, request: Request, send: Send) -> None:
        self.app = app
        self.request = request
        self.send = send
        self.failure: Exception | None = None
        self._message: Message | None = None
        self._running: AbstractAsyncContextManager[Callable[[], None]] | None = None
        self._has_ended = False
        self._is_unread = False
        self._arrived = make_event()
        self._taken = make_event()
        self._answered = make_event()

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, kind: Any, failure: Any, traceback: Any) -> None:
        self._discard()
        self._answered.set()
        if self._running is not None:
            await self._running.__aexit__(kind, failure, traceback)
        if failure is None and self.failure is not None:
            raise self.failure

    def watch(self, send: Send) -> Send:
        """Pass messages on, and note when the answer is complete: background work waits for that."""

        async def watched(message: Message) -> None:
            await send(message)
            ends_body = message["type"] == "http.response.body" and not message.get("more_body", False)
            if ends_body or message["type"] in _WHOLE:
                self._answered.set()

        return watched

    async def call(self, request: Request) -> Response:
        """Give the application's response; its body is passed on while it is made."""
        self._running = beside(lambda: self._run(request.scope))
        await self._running.__aenter__()
        debug: Message | None = None
        try:
            start = await self._take()
            if start["type"] == "http.response.debug":
                debug, start = start, await self._take()
        except _Ended:
            failure, self.failure = self.failure, None
            if failure is not None:
                raise failure from failure.__cause__ or failure.__context__
            raise RuntimeError("No response returned.") from None
        response = PassedOn(self._body(), status_code=start["status"], debug=debug)
        response.headers = response.headers.__class__(raw=start.get("headers", ()))
        return response

    # The application's side -------------------------------------------------------------------------------------------

    async def _run(self, scope: Scope) -> None:
        try:
            await self.app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - raised again where the middleware waits
            self.failure = error
        finally:
            self._has_ended = True
            self._arrived.set()

    async def _send(self, message: Message) -> None:
        """Hand a message over, and wait until it was taken: the application is never ahead of its reader."""
        if message["type"] == "http.response.early_hint":
            await self.send(message)
            return
        if self._is_unread:
            await give_way()
            return
        self._message = message
        self._taken = make_event()
        self._arrived.set()
        await self._taken.wait()
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._answered.wait()

    async def _receive(self) -> Message:
        """Pass the body on: kept, where the middleware has read it, else as it comes. Then tell when the answer is complete."""
        request = self.request
        kept = request.take_body()
        if kept is not None:
            return {"type": "http.request", "body": kept, "more_body": False}
        if request.has_left or self._answered.is_set():
            return {"type": "http.disconnect"}
        if not request.is_consumed:
            return await request.receive_part()
        return await self._until_left()

    async def _until_left(self) -> Message:
        async def leaving() -> None:
            while not self.request.has_left:
                await self.request.receive_part()

        await first_of(leaving, self._answered.wait)
        return {"type": "http.disconnect"}

    # The middleware's side --------------------------------------------------------------------------------------------

    async def _take(self) -> Message:
        """Wait for a message. Raises `_Ended` when the application ended without another one."""
        while self._message is None:
            if self._has_ended:
                raise _Ended
            await self._arrived.wait()
        message, self._message = self._message, None
        self._arrived = make_event()
        if self._has_ended:
            self._arrived.set()
        self._taken.set()
        return message

    async def _body(self) -> AsyncGenerator[Any, None]:
        try:
            while True:
                message = await self._take()
                if message["type"] in _WHOLE:
                    yield message
                    return
                if message.get("body"):
                    yield message["body"]
                if not message.get("more_body", False):
                    return
        except _Ended:
            failure, self.failure = self.failure, None
            if failure is not None:
                raise failure from failure.__cause__ or failure.__context__
        finally:
            self._discard()

    def _discard(self) -> None:
        """Nobody takes the rest of the answer."""
        self._is_unread = True
        self._message = None
        self._taken.set()


class PassedOn(StreamingResponse):
    """An answer from below a middleware, while it is being made."""

    def __init__(self, content: AsyncIterator[Any], *, status_code: int, debug: Mapping[str, Any] | None) -> None:
        super().__init__(content, status_code=status_code)
        self.debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if self.debug is not None:
            await send({**self.debug})
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        is_whole = False
        async for chunk in self.body_iterator:
            is_whole = isinstance(chunk, Mapping)
            await send({**chunk} if is_whole else {"type": "http.response.body", "body": chunk, "more_body": True})
        if not is_whole:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()
