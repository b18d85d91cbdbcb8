"""`starlette.middleware.cors`: which other sites may read answers."""

from collections.abc import Sequence

from trine import middleware
from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import PlainTextResponse
from trine.http import Response
from trine.types import ASGIApp

from .trine import TrineMiddleware


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
        cors = middleware.CORSMiddleware(
            allow_origins=allow_origins,
            allow_methods=allow_methods,
            allow_headers=allow_headers,
            allow_credentials=allow_credentials,
            allow_origin_regex=allow_origin_regex,
            allow_private_network=allow_private_network,
            expose_headers=expose_headers,
            max_age=max_age,
        )
        super().__init__(app, cors)

    def finish(self, request: Request, response: Response) -> Response:
        """Answer an accepted preflight with 200 and a text, as older clients expect."""
        is_preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        if not is_preflight or response.status_code != 204:
            return response
        answer = PlainTextResponse("OK")
        for name, value in response.headers.items():
            answer.headers.append(name, value)
        return answer
