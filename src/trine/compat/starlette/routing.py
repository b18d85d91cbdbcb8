"""`starlette.routing`: routes that are tried one after the other, and applications below a path or behind a host."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from trine.types import ASGIApp, Receive, Scope, Send

from .datastructures import Headers, URLPath
from .hostnames import valid_host
from .paths import DeclaredPath, route_path
from .requests import Request
from .responses import RedirectResponse
from .routes import (
    BaseRoute,
    Match,
    NoMatchFound,
    Route,
    WebSocketRoute,
    compile_path,
    follow,
    limited,
    not_found,
    request_response,
    websocket_session,
    wrapped,
)

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


MATCHED = "trine.matched"
"""Where a scope collects the routes that matched, for whoever put a list there."""


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
        max_body_size: int | None = None,
    ) -> None:
        if path and not path.startswith("/"):
            raise AssertionError("Routed paths must start with '/'")
        if app is None and routes is None:
            raise AssertionError("Either 'app=...', or 'routes=' must be specified")
        self.path = path.rstrip("/")
        self._base_app: Any = app if app is not None else Router(routes=routes)
        self.app = limited(wrapped(self._base_app, middleware), max_body_size)
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
        follow(scope, self.path)
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
        name = valid_host(Headers(raw=scope["headers"]).get("host", ""))
        params = None if name is None else self.declared.parse(name)
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
        max_body_size: int | None = None,
    ) -> None:
        self.routes: list[BaseRoute] = list(routes or [])
        self.redirect_slashes = redirect_slashes
        self.default: ASGIApp = default or self.not_found
        self.lifespan_context = lifespan_context(lifespan)
        self.middleware_stack: ASGIApp = limited(wrapped(self.app, middleware), max_body_size)

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what no route fits."""
        await not_found(scope, receive, send)

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
                note_match(scope, child_scope, route)
                scope.update(child_scope)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL and partial_match is None:
                partial_match = route, child_scope
        if partial_match is not None:
            route, child_scope = partial_match
            note_match(scope, child_scope, route)
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
        for route in self.routes:
            match, child_scope = route.matches(other)
            if match is not Match.NONE:
                note_match(scope, child_scope, route)
                break
        else:
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


def note_match(scope: Scope, child_scope: Scope, route: BaseRoute) -> None:
    """Note a route that matched, where somebody collects them."""
    if MATCHED in scope:
        scope[MATCHED].append(child_scope.get("trine.route", route))


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
