"""`starlette.middleware.trustedhost`: which hosts the application answers to."""

from collections.abc import Sequence

from trine.compat.starlette.datastructures import Headers
from trine.compat.starlette.hostnames import valid_host
from trine.compat.starlette.requests import HTTPConnection
from trine.compat.starlette.responses import PlainTextResponse, RedirectResponse
from trine.server import AllowedHosts
from trine.types import ASGIApp, Receive, Scope, Send


class TrustedHostMiddleware:
    """Answer requests for these hosts only; `*.example.org` is any subdomain, `*` any host."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str] | None = None, www_redirect: bool = True) -> None:
        self.app = app
        self.allowed_hosts = ["*"] if allowed_hosts is None else list(allowed_hosts)
        for host in self.allowed_hosts:
            if "*" in host[1:] or (host.startswith("*") and host != "*" and not host.startswith("*.")):
                raise AssertionError("Domain wildcard patterns must be like '*.example.com'.")
        self.www_redirect = www_redirect
        self._subdomains = [host[1:].lower() for host in self.allowed_hosts if host.startswith("*.")]
        self._allowed = AllowedHosts(host for host in self.allowed_hosts if not host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] not in ("http", "websocket") or self._allowed.any:
            await self.app(scope, receive, send)
            return
        host = Headers(raw=scope["headers"]).get("host", "")
        name = valid_host(host)
        if name is not None and self._matches(name):
            await self.app(scope, receive, send)
        elif name is not None and self.www_redirect and self._matches(f"www.{name}"):
            url = HTTPConnection(scope).url
            await RedirectResponse(str(url.replace(netloc=f"www.{url.netloc}")))(scope, receive, send)
        else:
            await PlainTextResponse("Invalid host header", status_code=400)(scope, receive, send)

    def _matches(self, name: str) -> bool:
        return self._allowed.matches(name) or any(name.endswith(domain) for domain in self._subdomains)
