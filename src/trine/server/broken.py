"""What `trine dev` serves while the program cannot be loaded: the mistake and its place, to every request."""

from html import escape
from typing import Any

from trine.errors import SetupError
from trine.types import Receive, Scope, Send

from .hosts import AllowedHosts

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The program cannot be loaded</title></head>
<body><h1>The program cannot be loaded</h1><p>{message}</p><pre>{details}</pre>
<p>Save the file once it is mended: trine dev loads it again.</p></body></html>
"""


class BrokenProgram:
    """Answers in the place of an application that could not be imported. In development only."""

    def __init__(self, error: SetupError) -> None:
        page = _PAGE.format(message=escape(str(error)).replace("\n", "<br>"), details=escape(getattr(error, "details", "")))
        self.body = page.encode()
        # Other sites must not read it by way of a name that they made point here.
        self.hosts = AllowedHosts(("localhost", "127.0.0.1", "[::1]"))
        self.headers = [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", "default-src 'none'"),
            ("cache-control", "no-store"),
        ]

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer over RSGI."""
        allowed = self.hosts.allow(scope.headers.get_all("host"))
        if scope.proto != "http":
            proto.close(403)
        elif allowed:
            proto.response_bytes(500, self.headers, self.body)
        else:
            proto.response_empty(400, [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer over ASGI."""
        if scope["type"] != "http":
            return
        allowed = self.hosts.allow([value.decode("latin-1") for name, value in scope["headers"] if name == b"host"])
        headers = [(name.encode(), value.encode()) for name, value in self.headers] if allowed else []
        await send({"type": "http.response.start", "status": 500 if allowed else 400, "headers": headers})
        await send({"type": "http.response.body", "body": self.body if allowed else b""})
