"""`starlette.middleware.cors`: which other sites may read answers."""

from collections.abc import Sequence

from trine import middleware
from trine.compat.starlette.requests import Request
from trine.http import Response
from trine.middleware.cors import ALL_METHODS
from trine.types import ASGIApp

from .trine import TrineMiddleware

PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"


class CORSMiddleware(TrineMiddleware):
    """Answer preflight requests and mark answers that other origins may read."""

    def __init__(
        self,
        app: ASGIApp,
        allow_origins: Sequence[str] = (),
        allow_methods: Sequence[str] = ("GET",),
        allow_headers: Sequence[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Sequence[str] = (),
        max_age: int = 600,
    ) -> None:
        # What is no origin never stands in a browser's Origin line.
        self.allow_origins = [origin for origin in allow_origins if origin == "*" or "://" in origin or origin == "null"]
        self.allow_all_origins = "*" in allow_origins
        self._named = frozenset(allow_origins)
        self.cors = middleware.CORSMiddleware(
            allow_origins=self.allow_origins,
            allow_methods=(*ALL_METHODS, "QUERY") if "*" in allow_methods else allow_methods,
            allow_headers=allow_headers,
            allow_credentials=allow_credentials,
            allow_origin_regex=allow_origin_regex,
            allow_private_network=allow_private_network,
            expose_headers=expose_headers,
            max_age=max_age,
        )
        super().__init__(app, self.cors)
        self.simple_headers = {"Access-Control-Allow-Origin": "*"} if self.allow_all_origins else {}
        """The lines that every marked answer has; the origin comes to them where not all may read it."""
        self.simple_headers |= {"Access-Control-Allow-Credentials": "true"} if allow_credentials else {}
        self.simple_headers |= {"Access-Control-Expose-Headers": ", ".join(expose_headers)} if expose_headers else {}

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether pages of an origin may read answers."""
        return origin in self._named or self.cors.is_allowed(origin)

    def finish(self, request: Request, response: Response) -> Response:
        """Say what the answer depends on, for caches that keep it."""
        if request.method == "OPTIONS" and "origin" in request.headers and "access-control-request-method" in request.headers:
            response.headers["vary"] = PREFLIGHT_VARY
        else:
            response.headers.add_vary_header("Origin")
        return response
