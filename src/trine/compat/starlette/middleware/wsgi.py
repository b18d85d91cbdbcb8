"""`starlette.middleware.wsgi`: WSGI applications below a path."""

from io import BytesIO
from typing import Any

from trine.compat.starlette.paths import route_path
from trine.compat.starlette.requests import Request
from trine.server.environ import make_environ
from trine.server.wsgi import WSGIAdapter as WSGIMiddleware
from trine.types import Scope

__all__ = ["WSGIMiddleware", "build_environ"]


def build_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """Build the WSGI environment of an ASGI scope."""
    request = Request({"client": None, **scope})
    # A part of a segment is no root: /app is not above /application.
    request.path = route_path(scope)
    return {**make_environ(request, request.path), "wsgi.input": BytesIO(body)}
