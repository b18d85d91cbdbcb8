"""`starlette.middleware.trustedhost`: which hosts the application answers to."""

from collections.abc import Sequence

from trine import middleware
from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import PlainTextResponse
from trine.http import Response
from trine.types import ASGIApp

from .trine import TrineMiddleware


class TrustedHostMiddleware(TrineMiddleware):
    """Answer requests for these hosts only; `*.example.org` is any subdomain, `*` any host."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str] | None = None, www_redirect: bool = True) -> None:
        hosts = middleware.TrustedHostMiddleware(
            allowed_hosts=["*"] if allowed_hosts is None else allowed_hosts, www_redirect=www_redirect
        )
        super().__init__(app, hosts)

    def finish(self, request: Request, response: Response) -> Response:
        """Refuse in Starlette's words."""
        return PlainTextResponse("Invalid host header", status_code=400) if response.status_code in (400, 421) else response
