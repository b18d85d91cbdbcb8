"""`starlette.middleware.httpsredirect`: everything over HTTPS."""

from trine import middleware
from trine.types import ASGIApp

from .trine import TrineMiddleware


class HTTPSRedirectMiddleware(TrineMiddleware):
    """Send requests that came over plain HTTP to the same address over HTTPS."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, middleware.HTTPSRedirectMiddleware())
