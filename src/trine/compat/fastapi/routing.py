"""`fastapi.routing`: routers, and the routes in them."""

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from trine.compat.starlette.paths import DeclaredPath
from trine.compat.starlette.routing import (
    BaseRoute,
    Host,
    Match,
    Mount,
    NoMatchFound,
    Route,
    Router,
    WebSocketRoute,
    compile_path,
    note_match,
)
from trine.routing import Layer
from trine.types import ASGIApp, Receive, Scope, Send

from . import params
from .datastructures import Default
from .exceptions import FastAPIError
from .frontend import CheckDir, Fallback, Frontend, normal_path
from .lifespans import EventHandlers, merge_lifespans
from .limits import BODY_LIMIT, FormLimits, Reading, checked_body_size, checked_form_limits
from .requests import Request
from .responses import JSONResponse, Response
from .routes import APIRoute, APIWebSocketRoute, FrontendRoute, bind_context, given
from .utils import generate_unique_id
from .websockets import WebSocket

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "BaseRoute",
    "IncludedRouter",
    "Match",
    "Mount",
    "NoMatchFound",
    "Request",
    "Response",
    "Route",
    "Router",
    "WebSocket",
    "WebSocketRoute",
    "bind_context",
    "compile_path",
    "iter_routes",
]


class IncludedRouter(BaseRoute):
    """A router taken into another one. Routes that it gets later are found too."""

    def __init__(self, router: "APIRouter", prefix: str, outer: Layer, reading: Reading) -> None:
        self.original_router = router
        self.prefix = prefix
        self.outer = outer
        self.reading = reading
        self._seen: tuple[int, ...] = ()
        self._routes: list[BaseRoute] = []

    @property
    def routes(self) -> list[BaseRoute]:
        """The router's routes as they are here, made anew when it has changed."""
        seen = tuple(map(id, self.original_router.routes))
        if seen != self._seen:
            placed = [_within(route, self.prefix, self.outer, self.reading) for route in self.original_router.routes]
            self._routes = [route for route in placed if route is not None]
            self._seen = seen
        return self._routes

    def within(self, prefix: str, outer: Layer, reading: Reading) -> "IncludedRouter":
        """Give the inclusion below another prefix."""
        return IncludedRouter(self.original_router, prefix + self.prefix, outer.join(self.outer), reading.join(self.reading))

    def frontends(self) -> Iterator[FrontendRoute]:
        """Give every front end below, as it is here."""
        for frontend in self.original_router.all_frontends():
            placed = frontend.within(self.prefix, self.outer, self.reading)
            if isinstance(placed, FrontendRoute):
                yield placed

    def flat_routes(self) -> Iterator[BaseRoute]:
        """Give every route below, inclusions resolved."""
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.flat_routes()
            else:
                yield route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the first route that fits fully, else the first one that fits but for the method."""
        if not self.original_router.admits(scope):
            return Match.NONE, {}
        best: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes:
            match, child_scope = route.matches(scope)
            if match is Match.NONE or match.value <= best[0].value:
                continue
            child_scope.setdefault("trine.route", route)
            if self.outer.max_body_size is not None:
                child_scope.setdefault(BODY_LIMIT, self.outer.max_body_size)
            best = match, child_scope
            if match is Match.FULL:
                break
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope["trine.route"].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Build the path of a named route below."""
        for route in self.routes:
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
        raise NoMatchFound(name, path_params)


class APIRouter(Router, BaseRoute):
    """Routes with what they have in common."""

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: Any = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: Sequence[BaseRoute] | None = None,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Any = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Any = Default(generate_unique_id),
        strict_content_type: Any = Default(value=True),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
    ) -> None:
        self.events = EventHandlers(on_startup, on_shutdown)
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=self._last, lifespan=lifespan)
        self._default = default or self.not_found
        self.frontends: list[FrontendRoute] = []
        if lifespan is None:
            self.lifespan_context = self.events.lifespan
        if prefix and not prefix.startswith("/"):
            raise AssertionError("A path prefix must start with '/'")
        if prefix.endswith("/"):
            raise AssertionError("A path prefix must not end with '/', as the routes will start with '/'")
        self.prefix = prefix
        self.tags = list(tags or ())
        self.dependencies = list(dependencies or ())
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses = dict(responses or {})
        self.callbacks = list(callbacks or ())
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class = default_response_class
        self.generate_unique_id_function = generate_unique_id_function
        self.max_body_size = checked_body_size(max_body_size)
        self.reading = Reading(checked_form_limits(form_limits), given(strict_content_type))

    @property
    def layer(self) -> Layer:
        """What the router says about everything below it."""
        return Layer(
            tags=tuple(self.tags),
            dependencies=tuple(self.dependencies),
            responses=self.responses,
            callbacks=tuple(self.callbacks),
            deprecated=self.deprecated,
            include_in_schema=self.include_in_schema,
            default_response_class=given(self.default_response_class),
            generate_unique_id_function=given(self.generate_unique_id_function),
            max_body_size=self.max_body_size,
        )

    @property
    def on_startup(self) -> list[Callable[[], Any]]:
        """Functions that run before the first request."""
        return self.events.on_startup

    @property
    def on_shutdown(self) -> list[Callable[[], Any]]:
        """Functions that run after the last request."""
        return self.events.on_shutdown

    def all_frontends(self) -> Iterator[FrontendRoute]:
        """Give the router's own front ends, and those of the routers that it includes."""
        yield from self.frontends
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.frontends()

    async def _last(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Try the front ends, the longest path first; what none of them has is not found."""
        for frontend in sorted(self.all_frontends(), key=lambda frontend: -len(frontend.path)):
            match, child_scope = frontend.matches(scope)
            if match is Match.FULL:
                scope.update(child_scope)
                note_match(scope, child_scope, frontend)
                await frontend.handle(scope, receive, send)
                return
        await self._default(scope, receive, send)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve a built front end below a path, where no route answers. `fallback` answers what is no file."""
        prefix = self.prefix + normal_path(path)
        frontend = Frontend(directory, fallback, check_dir)
        self.frontends.append(FrontendRoute(prefix, frontend, outer=self.layer, outer_reading=self.reading))

    def admits(self, scope: Scope) -> bool:
        """Whether a subclass lets a scope in at all; the routes decide the rest."""
        return True

    # Declaring -----------------------------------------------------------------------------------------------------

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        route_class_override: type[APIRoute] | None = None,
        **options: Any,
    ) -> None:
        """Add a route without a decorator."""
        make = route_class_override or self.route_class
        self.routes.append(make(self.prefix + path, endpoint=endpoint, outer=self.layer, outer_reading=self.reading, **options))

    def api_route(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer the methods of a path with one function."""

        def register(endpoint: Any) -> Any:
            self.add_api_route(path, endpoint, **options)
            return endpoint

        return register

    def get(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer GET requests for a path."""
        return self.api_route(path, methods=["GET"], **options)

    def put(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer PUT requests for a path."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer POST requests for a path."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer DELETE requests for a path."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer OPTIONS requests for a path."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer HEAD requests for a path."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer PATCH requests for a path."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer TRACE requests for a path."""
        return self.api_route(path, methods=["TRACE"], **options)

    def route(
        self, path: str, methods: Sequence[str] | None = None, name: str | None = None, include_in_schema: bool = True
    ) -> Callable[[Any], Any]:
        """Answer with a function from request to response, without binding."""

        def register(function: Any) -> Any:
            self.add_route(path, function, methods=methods, name=name, include_in_schema=include_in_schema)
            return function

        return register

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> None:
        """Add a WebSocket route without a decorator."""
        self.routes.append(
            APIWebSocketRoute(self.prefix + path, endpoint, name=name, dependencies=dependencies, outer=self.layer)
        )

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[params.Depends] | None = None
    ) -> Callable[[Any], Any]:
        """Talk over a WebSocket at a path."""

        def register(function: Any) -> Any:
            self.add_api_websocket_route(path, function, name=name, dependencies=dependencies)
            return function

        return register

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[Any], Any]:
        """Talk over a WebSocket with a function that takes nothing else."""

        def register(function: Any) -> Any:
            self.add_websocket_route(self.prefix + path, function, name=name)
            return function

        return register

    def include_router(
        self,
        router: "APIRouter",
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: Any = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: Sequence[BaseRoute] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Any = Default(generate_unique_id),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
    ) -> None:
        """Take another router's routes in, also those that it gets later."""
        self._check_inclusion(router, prefix)
        outer = self.layer.join(
            Layer(
                tags=tuple(tags or ()),
                dependencies=tuple(dependencies or ()),
                responses=responses or {},
                callbacks=tuple(callbacks or ()),
                deprecated=deprecated,
                include_in_schema=include_in_schema,
                default_response_class=given(default_response_class),
                generate_unique_id_function=given(generate_unique_id_function),
                max_body_size=checked_body_size(max_body_size),
            )
        )
        reading = self.reading.join(Reading(checked_form_limits(form_limits)))
        self.routes.append(IncludedRouter(router, self.prefix + prefix, outer, reading))
        self.events.extend(router.events)
        self.lifespan_context = merge_lifespans(self.lifespan_context, router.lifespan_context, router.events)

    def _check_inclusion(self, router: "APIRouter", prefix: str) -> None:
        if router is self:
            raise AssertionError(
                "Cannot include the same APIRouter instance into itself. Did you mean to include a different router?"
            )
        if any(inner is self for inner in _routers_below(router)):
            raise AssertionError("Cannot include a router that already includes this router.")
        if prefix:
            if not prefix.startswith("/"):
                raise AssertionError("A path prefix must start with '/'")
            if prefix.endswith("/"):
                raise AssertionError("A path prefix must not end with '/', as the routes will start with '/'")
            return
        for route in iter_routes(router.routes):
            if getattr(route, "path", None) == "" and not isinstance(route, Mount):
                name = getattr(route, "name", "unknown")
                raise FastAPIError(f"Prefix and path cannot be both empty (path operation: {name})")

    def on_event(self, event_type: str) -> Callable[[Any], Any]:
        """Run a function at "startup" or "shutdown". A lifespan does both in one place."""
        return self.events.register(event_type)


def iter_routes(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """Give every route in order, those of included routers as they are there."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            yield from route.flat_routes()
        else:
            yield route


def _routers_below(router: APIRouter) -> Iterator[APIRouter]:
    yield router
    for route in router.routes:
        if isinstance(route, IncludedRouter):
            yield from _routers_below(route.original_router)


def _within(route: BaseRoute, prefix: str, outer: Layer, reading: Reading) -> BaseRoute | None:
    """A route as it is inside another router; kinds that cannot be moved stay out."""
    if isinstance(route, APIRoute | APIWebSocketRoute | IncludedRouter):
        return route.within(prefix, outer, reading)
    if isinstance(route, Route | WebSocketRoute):
        placed = copy.copy(route)
        placed.path = prefix + route.path
        placed.declared = DeclaredPath(placed.path)
        placed.path_regex, placed.path_format, placed.param_convertors = compile_path(placed.path)
        return placed
    if isinstance(route, Mount):
        return Mount(prefix + route.path, app=route.app, name=route.name)
    return route if isinstance(route, Host) and not prefix else None
