"""`starlette.routing`: routes that are tried one after the other, each an ASGI application."""

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import Enum
from functools import partial
from typing import Any

from trine.http import Response as TrineResponse
from trine.routing.reverse import NoMatchFound as TrineNoMatchFound
from trine.server.asgi import send_response
from trine.types import ASGIApp, Receive, Scope, Send

from .concurrency import run_in_threadpool
from .convertors import Convertor
from .datastructures import Headers, URLPath
from .exceptions import HTTPException
from .paths import DeclaredPath, route_path
from .requests import Request
from .responses import PlainTextResponse, RedirectResponse
from .websockets import WebSocket, WebSocketClose

__all__ = [
    "BaseRoute",
    "Host",
    "Match",
    "Mount",
    "NoMatchFound",
    "Route",
    "Router",
    "WebSocketRoute",
    "compile_path",
    "request_response",
    "websocket_session",
]


class NoMatchFound(TrineNoMatchFound):
    """No route has this name and takes these parameters."""

    def __init__(self, name: str, path_params: dict[str, Any]) -> None:
        super().__init__(name, path_params)


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
            await _not_found(scope, receive, send)
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
    ) -> None:
        if not path.startswith("/"):
            raise AssertionError("Routed paths must start with '/'")
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint_name(endpoint) if name is None else name
        self.include_in_schema = include_in_schema
        is_function = inspect.isroutine(_innermost(endpoint))
        self.app = wrapped(request_response(endpoint) if is_function else endpoint, middleware)
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
        if self.methods and scope["method"] not in self.methods:
            headers = {"Allow": ", ".join(sorted(self.methods))}
            if "app" in scope:
                raise HTTPException(405, headers=headers)
            await PlainTextResponse("Method Not Allowed", 405, headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Route) and (self.path, self.endpoint, self.methods) == (other.path, other.endpoint, other.methods)

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


class Mount(BaseRoute):
    """An application below a path. It sees the path as its root."""

    def __init__(
        self,
        path: str,
        app: ASGIApp | None = None,
        routes: Sequence[BaseRoute] | None = None,
        name: str | None = None,
        *,
        middleware: Sequence[Any] | None = None,
    ) -> None:
        if path and not path.startswith("/"):
            raise AssertionError("Routed paths must start with '/'")
        if app is None and routes is None:
            raise AssertionError("Either 'app=...', or 'routes=' must be specified")
        self.path = path.rstrip("/")
        self._base_app: Any = app if app is not None else Router(routes=routes)
        self.app = wrapped(self._base_app, middleware)
        self.name = name
        self.declared = DeclaredPath(self.path + "/{path:path}")
        self.path_regex, self.path_format, self.param_convertors = compile_path(self.path + "/{path:path}")

    @property
    def routes(self) -> list[BaseRoute]:
        """The mounted application's routes, where it has any."""
        return list(getattr(self._base_app, "routes", []))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit everything below the path."""
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        root_path = scope.get("root_path", "")
        path = route_path(scope)
        params = self.declared.parse(path)
        if params is None:
            return Match.NONE, {}
        rest = "/" + params.pop("path")
        matched = path[: -len(rest)]
        return Match.FULL, {
            "path_params": {**scope.get("path_params", {}), **params},
            "app_root_path": scope.get("app_root_path", root_path),
            "root_path": root_path + matched,
            "endpoint": self.app,
        }

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build a path below the mount: `mount:route`, or the mount's own name with `path`."""
        if self.name is not None and name == self.name and "path" in path_params:
            path_params["path"] = path_params["path"].lstrip("/")
            text, rest = self.declared.fill(path_params)
            if not rest:
                return URLPath(text)
        elif self.name is None or name.startswith(f"{self.name}:"):
            inner = name if self.name is None else name[len(self.name) + 1 :]
            prefix, rest = self.declared.fill({**path_params, "path": ""})
            if "path" in path_params:
                rest["path"] = path_params["path"]
            for route in self.routes:
                try:
                    below = route.url_path_for(inner, **rest)
                except NoMatchFound:
                    continue
                return URLPath(prefix.rstrip("/") + str(below), protocol=below.protocol)
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mount) and (self.path, self._base_app, self.name) == (other.path, other._base_app, other.name)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name or ''!r}, app={self.app!r})"


class Host(BaseRoute):
    """An application behind a host name."""

    def __init__(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        if host.startswith("/"):
            raise AssertionError("Host must not start with '/'")
        self.host = host
        self.app = app
        self.name = name
        self.declared = DeclaredPath(host)
        self.host_regex, self.host_format, self.param_convertors = compile_path(host)

    @property
    def routes(self) -> list[BaseRoute]:
        """The application's routes, where it has any."""
        return list(getattr(self.app, "routes", []))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the Host header, without its port."""
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        params = self.declared.parse(Headers(raw=scope["headers"]).get("host", "").split(":")[0])
        if params is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": {**scope.get("path_params", {}), **params}, "endpoint": self.app}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build a path with its host."""
        if self.name is not None and name == self.name and "path" in path_params:
            path = path_params.pop("path")
            host, rest = self.declared.fill(path_params)
            if not rest:
                return URLPath(path, host=host)
        elif self.name is None or name.startswith(f"{self.name}:"):
            inner = name if self.name is None else name[len(self.name) + 1 :]
            host, rest = self.declared.fill(path_params)
            for route in self.routes:
                try:
                    below = route.url_path_for(inner, **rest)
                except NoMatchFound:
                    continue
                return URLPath(str(below), protocol=below.protocol, host=host)
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        await self.app(scope, receive, send)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Host) and (self.host, self.app) == (other.host, other.app)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(host={self.host!r}, name={self.name or ''!r}, app={self.app!r})"


class Router:
    """Routes in the order in which they are tried."""

    def __init__(
        self,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        lifespan: Any = None,
        *,
        middleware: Sequence[Any] | None = None,
    ) -> None:
        self.routes: list[BaseRoute] = list(routes or [])
        self.redirect_slashes = redirect_slashes
        self.default: ASGIApp = default or self.not_found
        self.lifespan_context = lifespan_context(lifespan)
        self.middleware_stack: ASGIApp = wrapped(self.app, middleware)

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what no route fits."""
        await _not_found(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build the path of a named route."""
        for route in self.routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
        raise NoMatchFound(name, path_params)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start, tell the server, wait for its word, and stop (ASGI's lifespan)."""
        started = False
        app = scope.get("app")
        await receive()
        try:
            async with self.lifespan_context(app) as state:
                if state is not None:
                    if "state" not in scope:
                        raise RuntimeError('The server does not support "state" in the lifespan scope.')
                    scope["state"].update(state)
                await send({"type": "lifespan.startup.complete"})
                started = True
                await receive()
        except BaseException as error:
            kind = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        await self.middleware_stack(scope, receive, send)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the first route that fits fully; failing that, one that fits but for the method."""
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        scope.setdefault("router", self)
        partial_match: tuple[BaseRoute, Scope] | None = None
        for route in self.routes:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                scope.update(child_scope)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL and partial_match is None:
                partial_match = route, child_scope
        if partial_match is not None:
            route, child_scope = partial_match
            scope.update(child_scope)
            await route.handle(scope, receive, send)
            return
        if not await self._redirect(scope, receive, send):
            await self.default(scope, receive, send)

    async def _redirect(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Send a client to the same path with, or without, its last slash, where a route waits."""
        path = route_path(scope)
        if scope["type"] != "http" or not self.redirect_slashes or path == "/":
            return False
        other = {**scope, "path": scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"}
        if all(route.matches(other)[0] is Match.NONE for route in self.routes):
            return False
        await RedirectResponse(str(Request(other).url))(scope, receive, send)
        return True

    # Declaring ---------------------------------------------------------------------------------------------------

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Add an application below a path."""
        self.routes.append(Mount(path, app=app, name=name))

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Add an application behind a host name."""
        self.routes.append(Host(host, app=app, name=name))

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a route whose endpoint takes a request and gives a response."""
        self.routes.append(Route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema))

    def add_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None) -> None:
        """Add a WebSocket route whose endpoint takes the WebSocket alone."""
        self.routes.append(WebSocketRoute(path, endpoint, name=name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Router) and self.routes == other.routes

    __hash__ = object.__hash__


def compile_path(path: str) -> tuple[re.Pattern[str], str, dict[str, Convertor[Any]]]:
    """Give a path's expression, its form without converters, and the converters by name."""
    declared = DeclaredPath(path)
    return declared.regex, declared.format, declared.convertors


def request_response(function: Callable[..., Any]) -> ASGIApp:
    """Make an ASGI application of a function from request to response."""
    is_async = is_async_callable(function)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)

        async def call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            response = await (function(request) if is_async else run_in_threadpool(function, request))
            if isinstance(response, TrineResponse):
                await send_response(response, send, [], head=scope["method"] == "HEAD")
            else:
                # Any other ASGI application will do.
                await response(scope, receive, send)

        await handling_exceptions(call_endpoint, request)(scope, receive, send)

    return answer


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


def endpoint_name(endpoint: Callable[..., Any]) -> str:
    """A function's own name, or that of an object's class."""
    return getattr(endpoint, "__name__", None) or type(endpoint).__name__


def is_async_callable(function: Any) -> bool:
    """Whether calling gives something to await: an `async def`, also behind `partial` or as an object's `__call__`."""
    inner = _innermost(function)
    return inspect.iscoroutinefunction(inner) or (callable(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None)))  # noqa: B004


def _innermost(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    return function


def lifespan_context(lifespan: Any) -> Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]:
    """Give a lifespan as the function that enters it; generators count, nothing at all does nothing."""
    if lifespan is None:
        return _no_lifespan
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):

        async def stepped(app: Any) -> Any:
            for state in lifespan(app):
                yield state

        return asynccontextmanager(stepped)
    return lifespan  # type: ignore[no-any-return] # a function that gives an asynchronous context manager


@asynccontextmanager
async def _no_lifespan(app: Any) -> Any:
    yield None


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    # Inside an application its exception handlers answer, so that 404 looks as everything else does.
    if "app" in scope:
        raise HTTPException(404)
    await PlainTextResponse("Not Found", 404)(scope, receive, send)


