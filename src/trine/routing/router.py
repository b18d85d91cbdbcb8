"""Declare routes: `APIRouter` and its verbs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, Unpack

from trine.concurrency import ConcurrencyLimit
from trine.errors import SetupError
from trine.http import FormLimits
from trine.types import Decorator

from .route import (
    ExceptionKey,
    FlatRoute,
    FrontendRoute,
    HostRoute,
    Layer,
    Middleware,
    Mount,
    OnDisconnect,
    PageOptions,
    Route,
    RouteOptions,
    WebSocketOptions,
    WebSocketRoute,
    flat_route,
    handler_name,
    limits_of,
)
from .view import is_view, not_a_view, summary_of, view_handlers


class APIRouter:
    """A group of routes with what they have in common. It can be included several times, also in itself-free trees of routers."""

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[Any] | None = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        callbacks: Sequence[Any] | None = None,
        middleware: Sequence[Middleware] = (),
        exception_handlers: Mapping[ExceptionKey, Callable[..., Any]] | None = None,
        deprecated: Any = None,
        since: str | None = None,
        until: str | None = None,
        versioned: bool | None = None,
        include_in_schema: bool = True,
        default_response_class: Any = None,
        generate_unique_id_function: Any = None,
        inline: bool | None = None,
        max_body_size: int | None = None,
        max_json_depth: int | None = None,
        form_limits: FormLimits | None = None,
        timeout: float | None = None,
        max_concurrency: int | ConcurrencyLimit | None = None,
        on_disconnect: OnDisconnect | None = None,
        websocket_options: WebSocketOptions | None = None,
    ) -> None:
        self.layer = Layer(
            prefix=_checked_prefix(prefix),
            tags=tuple(tags or ()),
            dependencies=tuple(dependencies or ()),
            responses=dict(responses or {}),
            callbacks=tuple(callbacks or ()),
            middleware=tuple(middleware),
            exception_handlers=dict(exception_handlers or {}),
            deprecated=deprecated,
            since=since,
            until=until,
            versioned=versioned,
            include_in_schema=include_in_schema,
            default_response_class=default_response_class,
            generate_unique_id_function=generate_unique_id_function,
            inline=inline,
            max_body_size=max_body_size,
            max_json_depth=max_json_depth,
            form_limits=form_limits,
            timeout=timeout,
            limits=limits_of(max_concurrency),
            on_disconnect=on_disconnect,
            websocket_options=dict(websocket_options or {}),
        )
        self.entries: list[Route | WebSocketRoute | Mount | FrontendRoute | HostRoute | Inclusion] = []
        self._listeners: list[Callable[[], None]] = []

    # Verbs ------------------------------------------------------------------------------------------------------

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer GET requests for a path; HEAD is answered along with it."""
        return self.api_route(path, methods=["GET"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer POST requests for a path."""
        return self.api_route(path, methods=["POST"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer PUT requests for a path."""
        return self.api_route(path, methods=["PUT"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer PATCH requests for a path."""
        return self.api_route(path, methods=["PATCH"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer DELETE requests for a path."""
        return self.api_route(path, methods=["DELETE"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer HEAD requests for a path in an own way."""
        return self.api_route(path, methods=["HEAD"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer OPTIONS requests for a path in an own way."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Answer TRACE requests for a path."""
        return self.api_route(path, methods=["TRACE"], **options)

    def api_route(self, path: str, *, methods: Sequence[str] = ("GET",), **options: Unpack[RouteOptions]) -> Decorator:
        """Answer several methods of a path with one function."""

        def register(handler: Any) -> Any:
            self.add_api_route(path, handler, methods=methods, **options)
            return handler

        return register

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], *, methods: Sequence[str] | None = None, **options: Unpack[RouteOptions]
    ) -> None:
        """Add a route without a decorator."""
        self.add(Route(path, frozenset(method.upper() for method in methods or ("GET",)), endpoint, options))

    def add_route(
        self, path: str, endpoint: Callable[..., Any], *, methods: Sequence[str] | None = None, **options: Unpack[RouteOptions]
    ) -> None:
        """Add a function, or a class with a method for each HTTP method. Such a class is constructed for each request."""
        if not is_view(endpoint):
            self.add_api_route(path, endpoint, methods=methods, **options)
            return
        for method, handler, own in view_handlers(endpoint):
            if methods is None or method in {name.upper() for name in methods}:
                said: RouteOptions = {"name": endpoint.__name__, "summary": summary_of(method, endpoint), **options, **own}
                self.add_api_route(path, handler, methods=[method], **said)

    def view(self, path: str, **options: Unpack[RouteOptions]) -> Decorator:
        """Let the methods of a class answer a path. Its constructor asks for what they share, like a dependency."""

        def register(view: Any) -> Any:
            if not is_view(view):
                raise not_a_view(view)
            self.add_route(path, view, **options)
            return view

        return register

    def page(self, path: str, *, methods: Sequence[str] = ("GET",), **options: Unpack[PageOptions]) -> Decorator:
        """Answer browsers: text is HTML, a tuple is (body, status, headers), what changes something must carry a token."""

        def register(handler: Any) -> Any:
            self.add_page(path, handler, methods=methods, **options)
            return handler

        return register

    def add_page(
        self, path: str, handler: Callable[..., Any], *, methods: Sequence[str] | None = None, **options: Unpack[PageOptions]
    ) -> None:
        """Add a page without a decorator. A class-based view says itself which methods it answers."""
        methods = methods or getattr(handler, "methods", None) or ("GET",)
        said: Any = {"include_in_schema": False, "response_model": None, **options}
        own: Any = {name: said.pop(name) for name in ("csrf", "read_form", "load_session") if name in said}
        self.add(Route(path, frozenset(method.upper() for method in methods), handler, said, own))

    def websocket(
        self,
        path: str,
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
        **options: Unpack[WebSocketOptions],
    ) -> Decorator:
        """Talk over a WebSocket at a path."""

        def register(handler: Any) -> Any:
            self.add(WebSocketRoute(path, handler, name or handler_name(handler), tuple(dependencies or ()), options))
            return handler

        return register

    # Structure --------------------------------------------------------------------------------------------------

    def include_router(
        self,
        router: "APIRouter",
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[Any] | None = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        callbacks: Sequence[Any] | None = None,
        middleware: Sequence[Middleware] = (),
        exception_handlers: Mapping[ExceptionKey, Callable[..., Any]] | None = None,
        deprecated: Any = None,
        since: str | None = None,
        until: str | None = None,
        versioned: bool | None = None,
        include_in_schema: bool = True,
        default_response_class: Any = None,
        generate_unique_id_function: Any = None,
    ) -> None:
        """Take another router's routes in, also those that it gets later. The same router may be included several times."""
        if router is self or self in set(router.walk_routers()):
            raise SetupError("A router includes itself.", hint="Break the circle.")
        layer = Layer(
            prefix=_checked_prefix(prefix),
            tags=tuple(tags or ()),
            dependencies=tuple(dependencies or ()),
            responses=dict(responses or {}),
            callbacks=tuple(callbacks or ()),
            middleware=tuple(middleware),
            exception_handlers=dict(exception_handlers or {}),
            deprecated=deprecated,
            since=since,
            until=until,
            versioned=versioned,
            include_in_schema=include_in_schema,
            default_response_class=default_response_class,
            generate_unique_id_function=generate_unique_id_function,
        )
        router.tell(self.changed)
        self.add(Inclusion(router, layer))

    def mount(self, path: str, app: Any, name: str | None = None, *, lifespan: bool = True) -> None:
        """Hand everything below a path to another application: Trine's own, ASGI or WSGI.

        It is started and stopped with this one; with `lifespan=False` somebody else sees to that.
        """
        self.add(Mount(path.rstrip("/"), app, name, lifespan))

    def frontend(
        self,
        path: str = "/",
        *,
        directory: str | PathLike[str],
        fallback: Literal["auto", "index.html", "404.html"] | None = "auto",
        check_dir: Literal["auto"] | bool = "auto",
        immutable: str | Sequence[str] = (),
        cache_control: str | None = None,
    ) -> None:
        """Serve a built single-page application below a path, where no route answers; `fallback` is the page for other paths.

        Dependencies and middleware of this router hold for it too. `immutable` names the files that a browser may keep for
        ever, such as `assets/*`.
        """
        from trine.staticfiles import Frontend

        if not path.startswith("/"):
            raise SetupError(f"The front end's path '{path}' must start with '/'.", hint=f"Write '/{path}'.")
        frontend = Frontend(directory, fallback=fallback, check_dir=check_dir, immutable=immutable, cache_control=cache_control)
        self.add(FrontendRoute(path.rstrip("/"), frontend))

    def host(self, host: str, target: Any) -> None:
        """Let a router or another application answer for a host name; `.example.org` stands for every name below it.

        The host must be one of the allowed ones.
        """
        if isinstance(target, APIRouter):
            target.tell(self.changed)
        self.add(HostRoute(host, target))

    def exception_handler(self, key: ExceptionKey) -> Decorator:
        """Answer an exception class, or a status, below this router with a function of request and exception."""

        def register(handler: Any) -> Any:
            self.add_exception_handler(key, handler)
            return handler

        return register

    def add_exception_handler(self, key: ExceptionKey, handler: Callable[..., Any]) -> None:
        """Add an exception handler without a decorator."""
        self.layer.exception_handlers[key] = handler  # type: ignore[index] # the router's own dict, made above
        self.changed()

    def add(self, entry: "Route | WebSocketRoute | Mount | FrontendRoute | HostRoute | Inclusion") -> None:
        """Add a declaration."""
        self.entries.append(entry)
        self.changed()

    def tell(self, listener: Callable[[], None]) -> None:
        """Call a function whenever a declaration comes or goes."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """Tell everybody above that a declaration came or went."""
        for listener in self._listeners:
            listener()

    # Reading ----------------------------------------------------------------------------------------------------

    def walk_routers(self) -> "Iterator[APIRouter]":
        """Give this router and all that it includes."""
        yield self
        for entry in self.entries:
            if isinstance(entry, Inclusion):
                yield from entry.router.walk_routers()

    def walk(
        self, outer: Layer = Layer()
    ) -> "Iterator[tuple[Route | WebSocketRoute | Mount | FrontendRoute | HostRoute, Layer]]":
        """Give every declaration below with the joined layers above it, in the order of declaration."""
        layer = outer.join(self.layer)
        for entry in self.entries:
            if isinstance(entry, Inclusion):
                yield from entry.router.walk(layer.join(entry.layer))
            else:
                yield entry, layer

    @property
    def routes(self) -> list[FlatRoute]:
        """Every route below, as `callbacks=` takes them."""
        return list(self.flat_routes())

    def flat_routes(self) -> Iterator[FlatRoute]:
        """Give every route below with its full path and everything said about it."""
        for entry, layer in self.walk():
            if isinstance(entry, Route):
                yield flat_route(entry, layer)


class Inclusion:
    """A router taken into another one, and what the other says about it."""

    def __init__(self, router: APIRouter, layer: Layer) -> None:
        self.router = router
        self.layer = layer


def _checked_prefix(prefix: str) -> str:
    if prefix and not prefix.startswith("/"):
        raise SetupError(f"Prefix '{prefix}' must start with '/'.", hint=f"Write '/{prefix}'.")
    if prefix.endswith("/"):
        raise SetupError(f"Prefix '{prefix}' must not end with '/'.", hint=f"Write '{prefix.rstrip('/')}'.")
    return prefix


def host_routers(router: APIRouter) -> Iterator[APIRouter]:
    """Give every router that answers for a host name of its own, those inside others too."""
    for entry, _ in router.walk():
        if isinstance(entry, HostRoute) and isinstance(entry.target, APIRouter) and not callable(entry.target):
            yield entry.target
            yield from host_routers(entry.target)
