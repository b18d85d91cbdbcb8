"""`starlette.middleware.httpsredirect`: everything over HTTPS."""

from trine.compat.starlette.datastructures import URL, Headers
from trine.compat.starlette.hostnames import has_valid_port, port_of, valid_host
from trine.compat.starlette.requests import HTTPConnection
from trine.compat.starlette.responses import PlainTextResponse, RedirectResponse
from trine.types import ASGIApp, Receive, Scope, Send

_SECURE = {"http": "https", "ws": "wss"}


class HTTPSRedirectMiddleware:
    """Send requests that came over plain HTTP to the same address over HTTPS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] not in ("http", "websocket") or scope["scheme"] not in _SECURE:
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        host, server = Headers(raw=scope["headers"]).get("host", ""), scope.get("server")
        if valid_host(host) is None or not has_valid_port(host):
            if not server:
                await PlainTextResponse("Invalid host header", status_code=400)(scope, receive, send)
                return
            host = f"[{server[0]}]:{server[1]}" if ":" in server[0] else f"{server[0]}:{server[1]}"
        url = URL(str(connection.url.replace(scheme=_SECURE[scope["scheme"]], netloc=_without_usual_port(host))))
        await RedirectResponse(url, status_code=307)(scope, receive, send)


def _without_usual_port(host: str) -> str:
    port = port_of(host)
    return host[: -len(port) - 1] if port and int(port) in (80, 443) else host
