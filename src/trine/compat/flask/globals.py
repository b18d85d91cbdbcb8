"""What belongs to the request or command that runs here: names that lead to another object in each thread and task."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request

_cv_app: ContextVar["AppContext"] = ContextVar("trine.flask.app")
_cv_request: ContextVar["RequestContext"] = ContextVar("trine.flask.request")

_NO_APP = """Working outside of application context.

'current_app' and 'g' lead to the application that works for a request or a command, and none does here.
Wrap the code that needs them in: with app.app_context(): ..."""
_NO_REQUEST = """Working outside of request context.

'request' and 'session' lead to the HTTP request that is being answered, and none is here.
In a test, wrap the code that needs them in: with app.test_request_context(): ..."""

app_ctx: "AppContext" = LocalProxy(_cv_app, unbound_message=_NO_APP)  # type: ignore[assignment] # stands for what it leads to
current_app: "Flask" = LocalProxy(_cv_app, "app", unbound_message=_NO_APP)  # type: ignore[assignment] # as above
g: "_AppCtxGlobals" = LocalProxy(_cv_app, "g", unbound_message=_NO_APP)  # type: ignore[assignment] # as above
request_ctx: "RequestContext" = LocalProxy(_cv_request, unbound_message=_NO_REQUEST)  # type: ignore[assignment] # as above
request: "Request" = LocalProxy(_cv_request, "request", unbound_message=_NO_REQUEST)  # type: ignore[assignment] # as above
session: "SessionMixin" = LocalProxy(_cv_request, "session", unbound_message=_NO_REQUEST)  # type: ignore[assignment] # as above
