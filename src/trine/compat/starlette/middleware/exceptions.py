"""`starlette.middleware.exceptions`: the application's exception handlers, around its routes."""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any

from trine.compat.starlette.concurrency import run_in_threadpool
from trine.compat.starlette.exceptions import HTTPException, WebSocketException
from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import PlainTextResponse, Response, answer
from trine.compat.starlette.websockets import WebSocket
from trine.types import ASGIApp, Message, Receive, Scope, Send

HANDLERS = "starlette.exception_handlers"


class ExceptionMiddleware:
    """Answer exceptions by their status, or by the most specific of their classes."""

    def __init__(self, app: ASGIApp, handlers: Mapping[Any, Any] | None = None, debug: bool = False) -> None:
        self.app = app
        self.debug = debug
        self._by_status: dict[int, Any] = {}
        self._by_class: dict[type[Exception], Any] = {
            HTTPException: self.http_exception,
            WebSocketException: self.websocket_exception,
        }
        for key, handler in (handlers or {}).items():
            self.add_exception_handler(key, handler)

    def add_exception_handler(self, exc_class_or_status_code: int | type[Exception], handler: Any) -> None:
        """Add a handler."""
        if isinstance(exc_class_or_status_code, int):
            self._by_status[exc_class_or_status_code] = handler
        else:
            self._by_class[exc_class_or_status_code] = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope; its routes find the handlers in the scope."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope[HANDLERS] = self._by_status, self._by_class
        await answer_exceptions(self.app)(scope, receive, send)

    async def http_exception(self, request: Request, exc: Exception) -> Response:
        """Answer an `HTTPException` with its detail as text."""
        if not isinstance(exc, HTTPException):
            raise TypeError(f"Not an HTTPException: {exc!r}")
        if exc.status_code in (204, 304):
            return Response(status_code=exc.status_code, headers=exc.headers)
        return PlainTextResponse(exc.detail, status_code=exc.status_code, headers=exc.headers)

    async def websocket_exception(self, websocket: WebSocket, exc: Exception) -> None:
        """Answer a `WebSocketException` by closing with its code."""
        if not isinstance(exc, WebSocketException):
            raise TypeError(f"Not a WebSocketException: {exc!r}")
        await websocket.close(code=exc.code, reason=exc.reason)


def answer_exceptions(app: ASGIApp, connection: Any = None) -> ASGIApp:
    """Give an ASGI application that answers what another one raises. Once a response has begun, nothing can be answered."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        by_status, by_class = scope.get(HANDLERS, ({}, {}))
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            await send(message)
            started = started or message["type"] == "http.response.start"

        try:
            await app(scope, receive, watched_send)
        except Exception as error:
            handler = find_handler(error, by_status, by_class)
            if handler is None:
                raise
            if started:
                raise RuntimeError("Caught handled exception, but response already started.") from error
            asked = _connection(scope, receive, send) if connection is None else connection
            await _call(handler, asked, error, scope, receive, send)
            # An error object that lives longer than its request must not keep that alive.
            error.__traceback__ = None

    return answered


def _connection(scope: Scope, receive: Receive, send: Send) -> Any:
    return Request(scope, receive, send) if scope["type"] == "http" else WebSocket(scope, receive, send)


def find_handler(error: Exception, by_status: Mapping[int, Any], by_class: Mapping[type[Exception], Any]) -> Any:
    """Find the handler for an exception: by its status, else by the nearest of its classes."""
    if isinstance(error, HTTPException) and error.status_code in by_status:
        return by_status[error.status_code]
    return next((by_class[kind] for kind in type(error).__mro__ if kind in by_class), None)


async def _call(handler: Any, connection: Any, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    is_async = iscoroutinefunction(handler) or iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004 - what counts is how it is called
    response = await (handler(connection, error) if is_async else run_in_threadpool(handler, connection, error))
    if response is not None:
        await answer(response, scope, receive, send)
