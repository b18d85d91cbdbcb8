"""`starlette.middleware.sessions`: a dict in a signed cookie, in Starlette's format: existing sessions stay good."""

import json
from base64 import b64decode, b64encode
from typing import Any, Literal

from itsdangerous import BadSignature, TimestampSigner

from trine.compat.starlette.datastructures import MutableHeaders, Secret
from trine.compat.starlette.requests import HTTPConnection
from trine.types import ASGIApp, Message, Receive, Scope, Send


class Session(dict[str, Any]):
    """A session that knows whether somebody asked for it, and whether it was changed. Changes inside of values do not count."""

    accessed = False
    modified = False

    def __setitem__(self, key: str, value: Any) -> None:
        self._touch()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._touch()
        super().__delitem__(key)

    def __ior__(self, other: Any) -> "Session":  # type: ignore[override, misc] # as dict's own
        self._touch()
        super().update(other)
        return self

    def clear(self) -> None:
        """Forget everything."""
        self._touch()
        super().clear()

    def pop(self, key: str, *default: Any) -> Any:
        """Take a value out."""
        if key in self:
            self._touch()
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        """Take the last value out."""
        self._touch()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Give a value, after setting it when it was missing."""
        if key not in self:
            self._touch()
        return super().setdefault(key, default)

    def update(self, *others: Any, **values: Any) -> None:
        """Set several values."""
        self._touch()
        super().update(*others, **values)

    def _touch(self) -> None:
        self.accessed = self.modified = True


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
        partitioned: bool = False,
    ) -> None:
        self.app = app
        self.signer = TimestampSigner(str(secret_key))
        self.session_cookie = session_cookie
        self.max_age = max_age
        self.path = path
        flags = ["httponly", f"samesite={same_site}"]
        flags += ["secure"] if https_only else []
        flags += [f"domain={domain}"] if domain is not None else []
        flags += ["partitioned"] if partitioned else []
        self.security_flags = "; ".join(flags)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        session = self._load(HTTPConnection(scope))
        was_empty = not session
        scope["session"] = session

        async def send_with_session(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
                headers = MutableHeaders(raw=message.get("headers", ()))
                self._finish(scope["session"], was_empty, headers, scope)
                message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, send_with_session)

    def _finish(self, session: Any, was_empty: bool, headers: MutableHeaders, scope: Scope) -> None:
        # Whoever has put a dict of its own there has changed the session.
        accessed, modified = (session.accessed, session.modified) if isinstance(session, Session) else (True, True)
        if modified and (session or not was_empty):
            headers.append("set-cookie", self._cookie(session, scope))
        if accessed:
            headers.add_vary_header("Cookie")

    def _load(self, connection: HTTPConnection) -> Session:
        try:
            signed = connection.cookies[self.session_cookie]
            return Session(json.loads(b64decode(self.signer.unsign(signed, max_age=self.max_age))))
        except (KeyError, BadSignature, ValueError, TypeError):
            return Session()

    def _cookie(self, session: dict[str, Any], scope: Scope) -> str:
        path = self.path or scope.get("root_path", "") or "/"
        if not session:
            return f"{self.session_cookie}=null; path={path}; expires=Thu, 01 Jan 1970 00:00:00 GMT; {self.security_flags}"
        value = self.signer.sign(b64encode(json.dumps(session).encode())).decode()
        age = "" if self.max_age is None else f"Max-Age={self.max_age}; "
        return f"{self.session_cookie}={value}; path={path}; {age}{self.security_flags}"
