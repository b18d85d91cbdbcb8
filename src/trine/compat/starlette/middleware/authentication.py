"""`starlette.middleware.authentication`: ask a backend who it is, before anything else."""

from collections.abc import Callable
from typing import Any

from trine.compat.starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    UnauthenticatedUser,
)
from trine.compat.starlette.requests import HTTPConnection
from trine.compat.starlette.responses import PlainTextResponse, Response
from trine.types import ASGIApp, Receive, Scope, Send


class AuthenticationMiddleware:
    """Set `request.auth` and `request.user` by what a backend says."""

    def __init__(
        self,
        app: ASGIApp,
        backend: AuthenticationBackend,
        on_error: Callable[[HTTPConnection, AuthenticationError], Response] | None = None,
    ) -> None:
        self.app = app
        self.backend = backend
        self.on_error = on_error or self.default_on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            found: Any = await self.backend.authenticate(connection)
        except AuthenticationError as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            else:
                await self.on_error(connection, error)(scope, receive, send)
            return
        scope["auth"], scope["user"] = (AuthCredentials(), UnauthenticatedUser()) if found is None else found
        await self.app(scope, receive, send)

    @staticmethod
    def default_on_error(conn: HTTPConnection, exc: Exception) -> Response:
        """Say what was wrong, as text."""
        return PlainTextResponse(str(exc), status_code=400)
