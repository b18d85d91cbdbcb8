"""Trine's middleware in ASGI's form: classes that are made with the application that they wrap."""

from typing import Any

from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import answer
from trine.http import Response
from trine.routing import Middleware
from trine.types import ASGIApp, Receive, Scope, Send

from .base import Rest


class TrineMiddleware:
    """Let a Trine middleware, a function from handler to handler, wrap an ASGI application."""

    def __init__(self, app: ASGIApp, middleware: Middleware) -> None:
        self.app = app
        self._middleware = middleware

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        async with Rest(self.app, request, send) as rest:

            async def call_rest(request: Any) -> Response:
                return await rest.call(request)

            response = self.finish(request, await self._middleware(call_rest)(request))
            await answer(response, scope, receive, rest.watch(send))

    def finish(self, request: Request, response: Response) -> Response:
        """Give the answer the form that the peer's middleware has. As it is, unless a subclass says otherwise."""
        return response
