"""Routes: a path, and the function or class that answers, each an ASGI application."""

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from enum import Enum
from functools import partial
from typing import Any

from trine.routing.reverse import NoMatchFound as TrineNoMatchFound
from trine.types import ASGIApp, Receive, Scope, Send

from .concurrency import run_in_threadpool
from .convertors import Convertor
from .datastructures import URLPath
from .exceptions import HTTPException
from .paths import DeclaredPath, route_path
from .requests import Request
from .responses import PlainTextResponse, answer
from .websockets import WebSocket, WebSocketClose

TRAIL = "trine.route_trail"
"""Where a scope collects the paths of the routes that matched, for whoever put a list there."""


class NoMatchFound(TrineNoMatchFound):
    """No route has this name and takes these parameters."""

    def __init__(self, name: str, path_params: dict[str, Any]) -> None:
        super().__init__(name, path_params)
        self.args = (f'No route exists for name "{name}" and params "{", ".join(path_params)}".',)


class Match(Enum):
    """How well a route fits: not at all, but for the method, or fully."""

    NONE = 0
    PARTIAL = 1
    FULL = 2


class BaseRoute:
    """Something that may answer a scope."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether this route fits, and what it would add to the scope."""
        raise NotImplementedError

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build a path. Raises `NoMatchFound`."""
        raise NotImplementedError

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer if this route fits, else say that nothing was found."""
        match, child_scope = self.matches(scope)
        if match is Match.NONE:
            await not_found(scope, receive, send)
            return
        scope.update(child_scope)
        await self.handle(scope, receive, send)


class Route(BaseRoute):
    """A path, methods and the function or class that answers."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        middleware: Sequence[Any] | None = None,
        max_body_size: int | None = None,
    ) -> None:
        if not path.startswith("/"):
            raise AssertionError("Routed paths must start with '/'")
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint_name(endpoint) if name is None else name
        self.include_in_schema = include_in_schema
        is_function = inspect.isroutine(_innermost(endpoint))
        self.app = limited(wrapped(request_response(endpoint) if is_function else endpoint, middleware), max_body_size)
        if methods is None:
            methods = ["GET"] if is_function else []
        self.methods: set[str] | None = {method.upper() for method in methods} or None
        if self.methods is not None and "GET" in self.methods:
            self.methods.add("HEAD")
        self._declare(path)

    def _declare(self, path: str) -> None:
        self.declared = DeclaredPath(path)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the path, then the method."""
        if scope["type"] != "http":
            return Match.NONE, {}
        params = self.declared.parse(route_path(scope))
        if params is None:
            return Match.NONE, {}
        child_scope = {"endpoint": self.endpoint, "path_params": {**scope.get("path_params", {}), **params}}
        if self.methods and scope["method"] not in self.methods:
            return Match.PARTIAL, child_scope
        return Match.FULL, child_scope

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build the route's path."""
        if name != self.name or path_params.keys() != self.param_convertors.keys():
            raise NoMatchFound(name, path_params)
        return URLPath(self.declared.fill(path_params)[0], protocol="http")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; another method than the route's is 405."""
        follow(scope, self.path)
        if self.methods and scope["method"] not in self.methods:
            headers = {"Allow": ", ".join(sorted(self.methods))}
            if "app" in scope:
                raise HTTPException(405, headers=headers)
            await PlainTextResponse("Method Not Allowed", 405, headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Route) and (self.path, self.endpoint, self.methods) == (
            other.path,
            other.endpoint,
            other.methods,
        )

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r}, methods={sorted(self.methods or [])!r})"


class WebSocketRoute(BaseRoute):
    """A path and the function or class that talks over a WebSocket."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, name: str | None = None, middleware: Sequence[Any] | None = None
    ) -> None:
        if not path.startswith("/"):
            raise AssertionError("Routed paths must start with '/'")
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint_name(endpoint) if name is None else name
        is_function = inspect.isroutine(_innermost(endpoint))
        self.app = wrapped(websocket_session(endpoint) if is_function else endpoint, middleware)
        self.declared = DeclaredPath(path)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the path of a WebSocket."""
        if scope["type"] != "websocket":
            return Match.NONE, {}
        params = self.declared.parse(route_path(scope))
        if params is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {**scope.get("path_params", {}), **params}}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build the route's path."""
        if name != self.name or path_params.keys() != self.param_convertors.keys():
            raise NoMatchFound(name, path_params)
        return URLPath(self.declared.fill(path_params)[0], protocol="websocket")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Talk."""
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WebSocketRoute) and (self.path, self.endpoint) == (other.path, other.endpoint)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r})"


def compile_path(path: str) -> tuple[re.Pattern[str], str, dict[str, Convertor[Any]]]:
    """Give a path's expression, its form without converters, and the converters by name."""
    declared = DeclaredPath(path)
    return declared.regex, declared.format, declared.convertors


def request_response(function: Callable[..., Any]) -> ASGIApp:
    """Make an ASGI application of a function from request to response."""
    is_async = is_async_callable(function)

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)

        async def call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            response = await (function(request) if is_async else run_in_threadpool(function, request))
            await answer(response, scope, receive, send)

        await handling_exceptions(call_endpoint, request)(scope, receive, send)

    return respond


def websocket_session(function: Callable[..., Awaitable[Any]]) -> ASGIApp:
    """Make an ASGI application of a function that takes a WebSocket."""

    async def talk(scope: Scope, receive: Receive, send: Send) -> None:
        session = WebSocket(scope, receive, send)

        async def call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            await function(session)

        await handling_exceptions(call_endpoint, session)(scope, receive, send)

    return talk


def handling_exceptions(app: ASGIApp, connection: Any) -> ASGIApp:
    """Let the application's exception handlers answer what an endpoint raises."""
    from .middleware.exceptions import answer_exceptions

    return answer_exceptions(app, connection)


def wrapped(app: ASGIApp, middleware: Sequence[Any] | None) -> ASGIApp:
    """Put middleware around an application, the first one outermost."""
    for entry in reversed(middleware or ()):
        app = entry.cls(app, *entry.args, **entry.kwargs)
    return app


def limited(app: ASGIApp, max_body_size: int | None) -> ASGIApp:
    """Limit the bodies that an application reads, where there is a limit."""
    if max_body_size is None:
        return app
    from .middleware.body_limit import RequestBodyLimitMiddleware

    return RequestBodyLimitMiddleware(app, max_body_size)


def follow(scope: Scope, path: str) -> None:
    """Note the path of a route that matched, where somebody collects them."""
    trail = scope.get(TRAIL)
    if trail is not None:
        trail.append(path)


def endpoint_name(endpoint: Callable[..., Any]) -> str:
    """A function's own name, or that of an object's class."""
    return getattr(endpoint, "__name__", None) or type(endpoint).__name__


def is_async_callable(function: Any) -> bool:
    """Whether calling gives something to await: an `async def`, also behind `partial` or as an object's `__call__`."""
    inner = _innermost(function)
    return inspect.iscoroutinefunction(inner) or (
        callable(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004 - what counts is how it is called
    )


def _innermost(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    return function


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what no route fits: an exception inside an application, a plain 404 outside."""
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    # Inside an application its exception handlers answer, so that 404 looks as everything else does.
    if "app" in scope:
        raise HTTPException(404)
    await PlainTextResponse("Not Found", 404)(scope, receive, send)
