"""`starlette.responses`: Trine's responses, callable as ASGI applications."""

import json
from typing import Any

from trine import http
from trine.server.asgi import send_response
from trine.types import Receive, Scope, Send

__all__ = [
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
]


class Response(http.Response):
    """An answer whose body is known."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then run its background work."""
        await send_response(self, send, [], head=scope.get("method") == "HEAD", scope=scope if "headers" in scope else None)

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The header lines as ASGI sends them."""
        return self.headers.raw

    def init_headers(self, headers: Any = None) -> None:
        """Set the headers anew, with the length and type of the body."""
        self.headers = http.MutableHeaders(headers)
        self._describe(self.media_type)


class HTMLResponse(Response, http.HTMLResponse):
    """A page."""


class PlainTextResponse(Response, http.PlainTextResponse):
    """Text as it is."""


class JSONResponse(Response, http.JSONResponse):
    """What the standard library's `json` can encode. NaN and infinity raise ValueError."""

    def render(self, content: Any) -> bytes:
        """Encode the content as compact UTF-8 JSON."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")).encode("utf-8")


class RedirectResponse(Response, http.RedirectResponse):
    """Send the client elsewhere."""


class StreamingResponse(Response, http.StreamingResponse):
    """An answer that is produced while it is sent."""


class FileResponse(Response, http.FileResponse):
    """A file from disk."""
