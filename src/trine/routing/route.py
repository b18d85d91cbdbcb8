"""What is declared: routes, mounts, and the options that a router passes on to what it includes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, TypedDict

from trine.concurrency import ConcurrencyLimit, limit_of
from trine.http import FormLimits, Handler

Middleware = Callable[[Handler], Handler]
ExceptionKey = int | type[Exception]
OnDisconnect = Literal["cancel", "finish"]

_LONGEST_WAIT = 10.0


class RouteOptions(TypedDict, total=False):
    """What may be said about a route besides its path and handler."""

    response_model: Any
    """The type that the answer is validated against and reduced to; the return annotation when absent, none when None."""
    status_code: int | None
    """Status of a successful answer; 200 when absent."""
    tags: list[Any] | None
    """Groups in the API documentation."""
    dependencies: Sequence[Any] | None
    """Dependencies whose value the handler does not need."""
    summary: str | None
    """One line for the documentation; made from the handler's name when absent."""
    description: str | None
    """Markdown for the documentation; the handler's docstring when absent."""
    response_description: str
    """What the successful answer is, for the documentation."""
    responses: dict[int | str, dict[str, Any]] | None
    """Further answers, for the documentation."""
    deprecated: Any
    """Marked as out of use in the documentation; a `Deprecation` tells clients too."""
    since: str | None
    """The first API version that has the route; the oldest when absent."""
    until: str | None
    """The last API version that has the route; the newest when absent."""
    versioned: bool | None
    """False for a route that stands beside the API versions, such as a health check."""
    operation_id: str | None
    """The operation's unique name in the documentation and in generated clients."""
    response_model_include: Any
    """Fields of the response model that are sent; all when absent."""
    response_model_exclude: Any
    """Fields of the response model that are not sent."""
    response_model_by_alias: bool
    """Whether fields are sent under their aliases; yes when absent."""
    response_model_exclude_unset: bool
    """Leave out fields that were not set."""
    response_model_exclude_defaults: bool
    """Leave out fields that hold their default."""
    response_model_exclude_none: bool
    """Leave out fields that are None."""
    include_in_schema: bool
    """Whether the documentation shows the route; yes when absent."""
    response_class: Any
    """What a value becomes: `JSONResponse` when absent. Of a list, the client's `Accept` line chooses one."""
    name: str | None
    """The name for `url_for`; the handler's name when absent."""
    callbacks: list[Any] | None
    """Requests that the application sends back, for the documentation."""
    openapi_extra: dict[str, Any] | None
    """Merged into the operation of the OpenAPI document."""
    generate_unique_id_function: Any
    """Makes the operation id from the route."""
    inline: bool | None
    """Run a plain `def` on the event loop itself: only for handlers that never block."""
    middleware: Sequence[Middleware]
    """What wraps the handler, outermost first."""
    exception_handlers: Mapping[ExceptionKey, Callable[..., Any]] | None
    """Answers to exceptions, by class or status."""
    max_body_size: int | None
    """Largest body in bytes; the application's limit when absent."""
    max_json_depth: int | None
    """How deep JSON may nest; the application's limit when absent."""
    form_limits: FormLimits | None
    """How many fields and files a form may have, and how large; 1000 of each when absent."""
    on_disconnect: OnDisconnect | None
    """What becomes of the handler when its client leaves: "cancel" for an `async def` that answers GET or HEAD, else "finish"."""
    timeout: float | None
    """Seconds until the handler is ended with 503; the application's limit when absent."""
    max_concurrency: int | ConcurrencyLimit | None
    """How many requests may run at the same time in a process; the rest wait 10 seconds at most, and get 503 then."""


class PageOptions(RouteOptions, total=False):
    """What may be said about a page besides what a route may say."""

    csrf: bool
    """Whether what changes something must carry the visitor's token; yes when absent."""
    read_form: bool
    """Whether a form is read before the page is called; no for uploads that the page reads part by part."""
    load_session: bool
    """Whether an `async def` page finds a session of a database or Redis loaded; without it `await load_session()` does that."""


class WebSocketOptions(TypedDict, total=False):
    """What may be said about a WebSocket route, and about all those of a router or an application."""

    allow_origins: Collection[str]
    """Sites whose pages may connect besides this one, such as `https://app.example.org`; `*` is any."""
    subprotocols: Sequence[str]
    """The subprotocols that the route speaks, best first."""
    max_message_size: int
    """Most bytes of one message; a larger one closes with 1009."""
    max_messages_per_second: float | None
    """How many messages may come in a second, averaged; more close with 1008."""
    idle_timeout: float | None
    """Seconds without a message from the client until the connection is closed with 1008."""
    send_timeout: float | None
    """Seconds that a message may wait for a client that does not read, until the connection is closed with 1008."""


@dataclass(frozen=True)
class Route:
    """Methods, a path and the function that answers: declared, not yet bound."""

    path: str
    methods: frozenset[str]
    handler: Callable[..., Any]
    options: RouteOptions = field(default_factory=RouteOptions)
    page: PageOptions | None = None
    """What was said of a page; None for any other route."""

    @property
    def name(self) -> str:
        """The name for `url_for`."""
        return self.options.get("name") or handler_name(self.handler)

    @cached_property
    def limits(self) -> tuple[ConcurrencyLimit, ...]:
        """Its own limit of concurrency: one for as long as it lives, however often it is bound."""
        return limits_of(self.options.get("max_concurrency"))


@dataclass(frozen=True)
class WebSocketRoute:
    """A path and the function that talks over a WebSocket."""

    path: str
    handler: Callable[..., Any]
    name: str
    dependencies: tuple[Any, ...] = ()
    options: WebSocketOptions = field(default_factory=WebSocketOptions)


@dataclass(frozen=True)
class Mount:
    """Another application below a path. It sees paths without the prefix."""

    path: str
    app: Any
    name: str | None = None
    lifespan: bool = True
    """Whether it is started and stopped with the application."""


@dataclass(frozen=True)
class FrontendRoute:
    """A built front end below a path: asked where no route and no mount answers."""

    path: str
    frontend: Any


@dataclass(frozen=True)
class HostRoute:
    """What answers for a host name: a router, or another application."""

    host: str
    target: Any


@dataclass(frozen=True)
class Layer:
    """What a router says about everything below it. Layers join from the application down to the route."""

    prefix: str = ""
    name_prefix: str = ""
    """What the names of routes begin with, such as a blueprint's name and a dot."""
    tags: tuple[Any, ...] = ()
    dependencies: tuple[Any, ...] = ()
    responses: Mapping[int | str, dict[str, Any]] = field(default_factory=dict)
    callbacks: tuple[Any, ...] = ()
    middleware: tuple[Middleware, ...] = ()
    exception_handlers: Mapping[ExceptionKey, Callable[..., Any]] = field(default_factory=dict)
    deprecated: Any = None
    since: str | None = None
    until: str | None = None
    versioned: bool | None = None
    include_in_schema: bool = True
    default_response_class: Any = None
    generate_unique_id_function: Any = None
    inline: bool | None = None
    max_body_size: int | None = None
    max_json_depth: int | None = None
    form_limits: FormLimits | None = None
    timeout: float | None = None
    limits: tuple[ConcurrencyLimit, ...] = ()
    on_disconnect: OnDisconnect | None = None
    websocket_options: Mapping[str, Any] = field(default_factory=dict)

    def join(self, inner: "Layer") -> "Layer":
        """The layer that holds below both: collections add up, single settings are the inner one's where it has one."""
        values: dict[str, Any] = {}
        for entry in fields(self):
            outer_value, inner_value = getattr(self, entry.name), getattr(inner, entry.name)
            if entry.name == "include_in_schema":
                values[entry.name] = outer_value and inner_value
            elif entry.name in ("prefix", "name_prefix") or isinstance(outer_value, tuple):
                values[entry.name] = outer_value + inner_value
            elif isinstance(outer_value, Mapping):
                values[entry.name] = {**outer_value, **inner_value}
            else:
                values[entry.name] = outer_value if inner_value is None else inner_value
        return Layer(**values)

    def without_prefix(self) -> "Layer":
        """The same layer for something whose path is already complete."""
        return replace(self, prefix="")


@dataclass(frozen=True)
class FlatRoute:
    """A route with its full path and everything that the layers above say about it."""

    route: Route
    path: str
    layer: Layer
    version: str | None = None
    """The API version that it belongs to."""

    @property
    def options(self) -> RouteOptions:
        """The route's own options."""
        return self.route.options

    @property
    def name(self) -> str:
        """The name for `url_for`."""
        return self.layer.name_prefix + self.route.name


def limits_of(max_concurrency: int | ConcurrencyLimit | None) -> tuple[ConcurrencyLimit, ...]:
    """A route's or router's limit of concurrency, where it declares one. Whoever waits too long is told to come again."""
    limit = limit_of(max_concurrency, max_wait=_LONGEST_WAIT)
    return () if limit is None else (limit,)


def flat_route(route: "Route", layer: Layer) -> FlatRoute:
    """A route below a layer, with its full path."""
    return FlatRoute(route, layer.prefix + route.path, layer.without_prefix().join(own_layer(route)))


def handler_name(handler: Callable[..., Any]) -> str:
    """A handler's own name: a function's, or that of an instance's class."""
    return getattr(handler, "__name__", None) or type(handler).__name__


def own_layer(route: Route) -> Layer:
    """A route's options in the form of a layer, so that they join like any other."""
    options = route.options
    return Layer(
        tags=tuple(options.get("tags") or ()),
        dependencies=tuple(options.get("dependencies") or ()),
        responses=options.get("responses") or {},
        callbacks=tuple(options.get("callbacks") or ()),
        middleware=tuple(options.get("middleware") or ()),
        exception_handlers=options.get("exception_handlers") or {},
        deprecated=options.get("deprecated"),
        since=options.get("since"),
        until=options.get("until"),
        versioned=options.get("versioned"),
        include_in_schema=options.get("include_in_schema", True),
        default_response_class=options.get("response_class"),
        generate_unique_id_function=options.get("generate_unique_id_function"),
        inline=options.get("inline"),
        max_body_size=options.get("max_body_size"),
        max_json_depth=options.get("max_json_depth"),
        form_limits=options.get("form_limits"),
        timeout=options.get("timeout"),
        limits=route.limits,
        on_disconnect=options.get("on_disconnect"),
    )


Methods = Collection[str]
