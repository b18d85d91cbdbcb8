"""`starlette.middleware.errors`: the outermost layer, which answers what nobody expected."""

import traceback
from html import escape
from inspect import iscoroutinefunction
from typing import Any

from trine.compat.starlette.concurrency import run_in_threadpool
from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import HTMLResponse, PlainTextResponse, Response, answer
from trine.errors import BodyTooLarge
from trine.events import note_error
from trine.types import ASGIApp, Message, Receive, Scope, Send


class ServerErrorMiddleware:
    """Answer 500, and raise the error again: servers log it, tests see it."""

    def __init__(self, app: ASGIApp, handler: Any = None, debug: bool = False) -> None:
        self.app = app
        self.handler = handler
        self.debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except BodyTooLarge as error:
            # Middleware read more than the application accepts: the client's mistake, not the server's.
            if started:
                raise
            await answer(PlainTextResponse(error.detail, error.status_code), scope, receive, send)
        except Exception as error:
            note_error(error)
            # The handler is told in any case; only the first answer is sent.
            response = await self._answer(Request(scope, receive, send), error)
            if not started:
                await answer(response, scope, receive, send)
            raise

    async def _answer(self, request: Request, error: Exception) -> Any:
        if self.debug:
            return self.debug_response(request, error)
        if self.handler is None:
            return self.error_response(request, error)
        if iscoroutinefunction(self.handler):
            return await self.handler(request, error)
        return await run_in_threadpool(self.handler, request, error)

    def debug_response(self, request: Request, exc: Exception) -> Response:
        """Show the traceback: as a page to browsers, as text to everybody else."""
        text = "".join(traceback.format_exception(exc))
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(f"<h1>500 Server Error</h1><pre>{escape(text)}</pre>", status_code=500)
        return PlainTextResponse(text, status_code=500)

    def error_response(self, request: Request, exc: Exception) -> Response:
        """Say only that something failed."""
        return PlainTextResponse("Internal Server Error", status_code=500)
