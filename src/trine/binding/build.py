"""Build an application: bind its declarations, compile them for a wire, and put its middleware around."""

from collections.abc import Awaitable, Callable
from typing import Any

from trine.concurrency import Deadlines
from trine.http import PlainTextResponse, Request, Response

from trine.routing import APIRouter
from trine.server import AllowedHosts
from trine.types import Receive, Scope, Send

from .context import BindContext
from .dispatch import Declarations, Table, read_declarations, request_handler, wrap
from .entry import asgi_entry, rsgi_entry
from .recover import make_recover, plain_errors
from .wires import ASGI, REQUEST, RSGI


def build(app: Any, deadlines: Deadlines, *, built_in: APIRouter) -> Declarations:
    """Bind every declaration of an application. Raises one `SetupError` for all mistakes.

    The `built_in` routes, such as the documentation's, stand back where the application has the same path.
    """
    settings = app.settings
    context = BindContext(
        app=app,
        recover=lambda handlers: make_recover({**app.layer.exception_handlers, **handlers}, server_error, plain_errors),
        default_headers=tuple(settings.security_headers.items()),
        overrides=dict(app.dependency_overrides),
        deadlines=deadlines,
        max_body_size=settings.max_body_size,
        max_json_depth=settings.max_json_depth,
        timeout=settings.timeout,
        body_timeout=settings.body_timeout,
    )
    return read_declarations(app, context, built_in=built_in)


def build_rsgi(app: Any) -> Callable[[Any, Any], Awaitable[None]]:
    """Compile an application for RSGI."""
    table, handler = _tables(app, RSGI)
    return rsgi_entry(table, AllowedHosts(app.settings.allowed_hosts), handler)


def build_asgi(app: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Compile an application for ASGI."""
    table, handler = _tables(app, ASGI)
    return asgi_entry(table, AllowedHosts(app.settings.allowed_hosts), handler)


def _tables(app: Any, wire: Any) -> tuple[Table, Any]:
    """The table that a server's calls go to; below middleware requests find their way in a table of handlers."""
    found = app.declarations
    middleware = list(reversed(app._middleware))
    if not middleware:
        return Table(found, wire, redirect_slashes=app.redirect_slashes), None
    inner = Table(found, REQUEST, redirect_slashes=app.redirect_slashes)
    return Table(found, wire, redirect_slashes=app.redirect_slashes), wrap(request_handler(inner), middleware)


def server_error(request: Request, error: Exception) -> Response:
    """What a client sees of an error that nobody expected: nothing of it."""
    return PlainTextResponse("Internal Server Error", 500)


