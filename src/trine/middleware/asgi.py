"""Middleware written for ASGI: classes that are made with the application below them."""

import inspect
from collections.abc import Callable
from typing import Any

from trine.errors import SetupError
from trine.http import Handler, Request, Response
from trine.server.asgi import ASGIRequest, send_response
from trine.server.foreign import call_asgi
from trine.types import ASGIApp, Receive, Scope, Send, State

# What earlier middleware has found out about the request, and the scope does not say.
_CARRIED = ("state", "session", "session_loader", "user", "auth")


class ASGIMiddleware:
    """Let a class, or function, that is written for ASGI wrap a handler: `ASGIMiddleware(SomeMiddleware, option=1)`.

    `app.add_middleware(SomeMiddleware, option=1)` does the same. HTTP requests pass through it, and the handshakes of
    WebSockets as the GET requests that they are; the lifespan does not. It works behind RSGI too. Costs a task, about 30 µs,
    which several that follow each other share.
    """

    def __init__(self, middleware: Any, /, *arguments: Any, **options: Any) -> None:
        try:
            inspect.signature(middleware).bind(None, *arguments, **options)
        except TypeError as error:
            name = getattr(middleware, "__qualname__", repr(middleware))
            raise SetupError(f"{name} cannot be made with these options: {error}.", hint="Mend the call.") from None
        self.middleware = middleware
        self.arguments = arguments
        self.options = options

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler. One that is wrapped in this way already is called as the ASGI application that it is."""
        below: ASGIApp = getattr(handler, "asgi_app", None) or _as_asgi(handler)
        app: ASGIApp = self.middleware(below, *self.arguments, **self.options)

        async def with_asgi(request: Request) -> Response:
            scope = dict(request.scope)
            scope["state"] = request.state.as_dict()
            scope["trine.request"] = request
            return await call_asgi(app, scope, request)

        with_asgi.asgi_app = app  # type: ignore[attr-defined] # functions carry attributes
        return with_asgi


def Middleware(middleware: Any, /, *arguments: Any, **options: Any) -> Callable[[Handler], Handler]:  # noqa: N802 - Starlette's name
    """Make a middleware with its options, for a list: `App(middleware=[Middleware(CORSMiddleware, allow_origins=["*"])])`.

    Takes what `app.add_middleware()` takes: Trine's own classes and others of their kind, and classes or functions that are
    written for ASGI, whose first parameter is the `app` below them.
    """
    if is_asgi_middleware(middleware):
        return ASGIMiddleware(middleware, *arguments, **options)
    made: Callable[[Handler], Handler] = middleware
    if isinstance(middleware, type):
        made = middleware(*arguments, **options)
    elif arguments or options:
        name = getattr(middleware, "__qualname__", repr(middleware))
        hint = "Options go to a class, or to a function whose first parameter is 'app'."
        raise SetupError(f"{name} is a middleware already, and takes no options.", hint=hint)
    return made


def is_asgi_middleware(candidate: Any) -> bool:
    """Whether something is made with the application below it: its first parameter is named `app`."""
    try:
        parameters = list(inspect.signature(candidate).parameters)
    except (TypeError, ValueError):
        return False
    return parameters[:1] == ["app"]


def _as_asgi(handler: Handler) -> ASGIApp:
    async def call_handler(scope: Scope, receive: Receive, send: Send) -> None:
        outer: Request = scope["trine.request"]
        request = ASGIRequest(scope, receive, outer.app, outer.path_params)
        carried = vars(outer)
        vars(request).update({name: carried[name] for name in _CARRIED if name in carried})
        vars(request).update({name: scope[name] for name in ("session", "user", "auth") if name in scope})
        if scope["state"] is not outer.state.as_dict():
            request.state = State(scope["state"])
        try:
            await send_response(await handler(request), send, [], head=request.method == "HEAD", scope=scope)
        finally:
            # What the handler read or set belongs to the request, for whoever stands outside.
            carried.update({name: value for name, value in vars(request).items() if name in _CARRIED})
            await request.close()

    return call_handler
