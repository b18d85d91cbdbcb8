"""`starlette.middleware.sessions`: a dict in a signed cookie, in Starlette's format: existing sessions stay good."""

import json
from base64 import b64decode, b64encode
from typing import Any, Literal

from itsdangerous import BadSignature, TimestampSigner

from trine.compat.starlette.datastructures import MutableHeaders, Secret
from trine.compat.starlette.requests import HTTPConnection
from trine.http import render_cookie
from trine.types import ASGIApp, Message, Receive, Scope, Send


class SessionMiddleware:
    """Load `request.session` from a cookie, and send it back where it has changed. Signed is not secret."""

    def __init__(
        self,
        app: ASGIApp,
        secret_key: str | Secret,
        session_cookie: str = "session",
        max_age: int | None = 14 * 24 * 60 * 60,
        path: str = "/",
        same_site: Literal["lax", "strict", "none"] = "lax",
        https_only: bool = False,
        domain: str | None = None,
    ) -> None:
        self.app = app
        self.signer = TimestampSigner(str(secret_key))
        self.session_cookie = session_cookie
        self.max_age = max_age
        self.path = path
        self.same_site = same_site
        self.https_only = https_only
        self.domain = domain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        session = self._load(HTTPConnection(scope))
        was_empty = not session
        scope["session"] = session

        async def send_with_session(message: Message) -> None:
            if message["type"] == "http.response.start" and (scope["session"] or not was_empty):
                headers = MutableHeaders(raw=message.get("headers", ()))
                headers.append("set-cookie", self._cookie(scope["session"]))
                message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, send_with_session)

    def _load(self, connection: HTTPConnection) -> dict[str, Any]:
        try:
            signed = connection.cookies[self.session_cookie]
            session: dict[str, Any] = json.loads(b64decode(self.signer.unsign(signed, max_age=self.max_age)))
        except (KeyError, BadSignature, ValueError):
            return {}
        return session

    def _cookie(self, session: dict[str, Any]) -> str:
        value = self.signer.sign(b64encode(json.dumps(session).encode())).decode() if session else "null"
        return render_cookie(
            self.session_cookie,
            value,
            max_age=self.max_age if session else None,
            expires=None if session else 0,
            path=self.path,
            domain=self.domain,
            secure=self.https_only,
            httponly=True,
            samesite=self.same_site,
        )
