"""A route after its signature was read: what the compiler and the documentation both need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import Signature, isclass
from typing import TYPE_CHECKING, Any, get_origin

from trine.errors import SetupError
from trine.http import HTMLResponse, JSONResponse, PlainTextResponse, Response
from trine.routing import Deprecation, FlatRoute, Layer, PathPattern, WebSocketOptions, WebSocketRoute
from trine.websocket import WebSocketLimits

from .annotations import bare_type, union_members
from .context import BindContext
from .depends import Depends
from .encode import VALUE_OPTIONS, ResponseCodec, response_codec, untyped_codec
from .plan import Plan, make_plan
from .representations import check_representations, offered_by
from .signature import Call, read_call, signature_of
from .streams import MakeResponse, read_item_type, stream_class, stream_maker

if TYPE_CHECKING:
    from trine.security import SameOrigin

_SAFE = frozenset({"GET", "HEAD"})
_UNTYPED = (Any, Signature.empty, object)
# A dictionary that promises nothing about its values: there is nothing to validate, so it is encoded as it is.
_OPEN_DICTS = (dict, dict[str, Any])


@dataclass(frozen=True)
class BoundRoute:
    """A route with its plan and everything said about it on the way down from the application."""

    flat: FlatRoute
    pattern: PathPattern
    call: Call
    plan: Plan
    context: BindContext

    @cached_property
    def response_class(self) -> type[Response]:
        """What a value becomes."""
        chosen = self.flat.layer.default_response_class
        if self.representations:
            chosen = self.representations[0]
        chosen = JSONResponse if chosen is None else chosen
        return stream_class(chosen) if self.is_stream else chosen

    @cached_property
    def representations(self) -> tuple[type[Response], ...]:
        """The classes among which a client chooses; empty where there is one alone."""
        chosen = self.flat.layer.default_response_class
        if chosen is None and not self.is_stream:
            # Where nothing is said, a type that travels in several formats offers them.
            return offered_by(self.response_model)
        return check_representations(chosen, self.flat.name) if isinstance(chosen, list | tuple) else ()

    @property
    def is_stream(self) -> bool:
        """Whether the handler yields its answer piece by piece."""
        return self.call.kind in ("generator", "async generator")

    @property
    def cancels(self) -> bool:
        """Whether the handler is cancelled when its client leaves."""
        chosen = self.flat.layer.on_disconnect or self.context.on_disconnect
        if self.is_stream:
            return self.context.on_disconnect is None
        if self.call.kind != "async":
            return False
        return self.flat.route.methods <= _SAFE if chosen is None else chosen == "cancel"

    @cached_property
    def item_type(self) -> Any:
        """The type of what a handler yields, None where anything goes."""
        return read_item_type(self.flat.route.handler, _place(self.call))

    @cached_property
    def make_stream(self) -> MakeResponse:
        """Makes the response of a handler that yields."""
        item, context = self.item_type, self.context
        if item is None:
            return stream_maker(self.response_class, context.encode_item)
        codec = response_codec(item, self.flat.options, _place(self.call))
        return stream_maker(self.response_class, codec.encode, codec.exact, codec.encode_exact)

    @cached_property
    def status_code(self) -> int:
        """Status of a successful answer."""
        declared = self.flat.options.get("status_code")
        return _default_status(self.response_class) if declared is None else declared

    @property
    def has_body(self) -> bool:
        """Whether the status allows a body (RFC 9110 §6.4.1)."""
        return self.status_code >= 200 and self.status_code not in (204, 205, 304)

    @cached_property
    def response_model(self) -> Any:
        """The type of the answer, None where anything goes."""
        return None if self.is_stream else read_response_model(self.flat)

    def check(self) -> None:
        """Find what is wrong with what is said about the answer. Raises `SetupError`."""
        self._check_on_disconnect()
        if self.is_stream and not self.has_body:
            raise SetupError(
                f"The handler '{self.flat.name}' yields, but its status {self.status_code} allows no body.",
                hint="Choose another status_code, or return instead.",
                where=_place(self.call),
            )
        if self.is_stream and self.representations:
            raise SetupError(
                f"The handler '{self.flat.name}' yields, and its response_class lists several formats.",
                hint="Choose one of them.",
                where=_place(self.call),
            )
        if self.has_body:
            _ = self.make_stream if self.is_stream else self.codec

    def _check_on_disconnect(self) -> None:
        chosen, name = self.flat.options.get("on_disconnect"), self.flat.name
        if chosen not in (None, "cancel", "finish"):
            problem, hint = f"has on_disconnect={chosen!r}", "Write 'cancel' or 'finish'."
        elif chosen == "finish" and self.is_stream:
            problem, hint = (
                "yields, and cannot run on without its client",
                "Let a task or an EventLog run on, and stream from it.",
            )
        elif chosen == "cancel" and self.call.kind == "sync":
            problem, hint = "is a plain 'def', which nothing can cancel", "Make it 'async def', or leave on_disconnect out."
        else:
            return
        raise SetupError(f"The handler '{name}' {problem}.", hint=hint, where=_place(self.call))

    @cached_property
    def codec(self) -> ResponseCodec:
        """How the handler's value becomes bytes."""
        model = self.response_model
        if model is None:
            return untyped_codec(self.context.encode)
        if model in _OPEN_DICTS and not any(self.flat.options.get(name) for name in VALUE_OPTIONS):
            return _dict_codec(self)
        return response_codec(model, self.flat.options, _place(self.call))

    @property
    def is_text(self) -> bool:
        """Whether the answer is text as it is."""
        return self.response_class in (PlainTextResponse, HTMLResponse)


@dataclass(frozen=True, eq=False)
class BoundSocket:
    """A WebSocket route with its compiled handler and everything said about it on the way down from the application."""

    pattern: PathPattern
    route: WebSocketRoute
    layer: Layer
    context: BindContext
    talk: Callable[..., Any]

    @cached_property
    def options(self) -> dict[str, Any]:
        """The route's options: its own, those of the routers above, the settings'."""
        options = {**self.context.websocket_options, **self.layer.websocket_options, **self.route.options}
        unknown = options.keys() - WebSocketOptions.__annotations__.keys()
        if unknown:
            names = ", ".join(sorted(WebSocketOptions.__annotations__))
            raise SetupError(
                f"The WebSocket route '{self.pattern.path}' has the option '{min(unknown)}', which there is not.",
                hint=f"There are {names}.",
            )
        return options

    @cached_property
    def limits(self) -> WebSocketLimits:
        """How much a connection may ask for."""
        limits = {name: value for name, value in self.options.items() if name not in ("allow_origins", "subprotocols")}
        for name, value in limits.items():
            if value is not None and value <= 0:
                raise SetupError(
                    f"The WebSocket route '{self.pattern.path}' has {name}={value}.",
                    hint="Say more than 0, or None for no limit.",
                )
        return WebSocketLimits(**limits)

    @cached_property
    def same_origin(self) -> "SameOrigin | None":
        """Who may open a connection, None where any site's pages may."""
        # Only an application with WebSockets loads what security brings along.
        from trine.security import SameOrigin

        origins = self.options.get("allow_origins", ())
        if not isinstance(origins, str) and "*" in origins:
            return None
        return SameOrigin(origins, option="allow_origins")

    @cached_property
    def subprotocols(self) -> tuple[str, ...]:
        """What the route speaks, best first."""
        said = self.options.get("subprotocols", ())
        if isinstance(said, str):
            raise SetupError(f"subprotocols={said!r} is a text, not a list.", hint=f"Write subprotocols=[{said!r}].")
        return tuple(said)

    def check(self) -> "BoundSocket":
        """Raise `SetupError` for options that cannot hold."""
        _ = self.limits, self.same_origin, self.subprotocols
        return self


def bind_route(flat: FlatRoute, context: BindContext) -> BoundRoute:
    """Read a route's signature and check it against its path. Raises `SetupError`."""
    if flat.route.page is not None:
        flat = context.bind_page(flat, context)
    pattern = PathPattern(flat.path)
    model = bare_type(read_response_model(flat))
    call = read_call(
        flat.route.handler,
        path_names=pattern.names,
        overrides=context.overrides,
        extra=[*(Depends(limit.hold) for limit in flat.layer.limits), *flat.layer.dependencies],
        complete=_completion(flat, model),
    )
    _check_path(call, pattern, flat)
    if isinstance(flat.layer.deprecated, Deprecation):
        context = replace(context, default_headers=(*context.default_headers, *flat.layer.deprecated.headers))
    return BoundRoute(flat, pattern, call, make_plan(call), context)


def read_response_model(flat: FlatRoute) -> Any:
    """The declared type of a route's answer, None where anything goes. A model's `__complete__` may make it of another value."""
    options, handler = flat.options, flat.route.handler
    model = options["response_model"] if "response_model" in options else signature_of(handler).return_annotation
    if model in _UNTYPED or (model is None and "response_model" in options):
        return None
    members = union_members(model)
    if all(isclass(member) and issubclass(member, Response) for member in members):
        return None
    if any(isclass(member) and issubclass(member, Response) for member in members):
        raise SetupError(
            f"The handler '{flat.name}' returns {model}: part of it is a Response, which cannot be a response model.",
            hint="Declare response_model=None.",
            where=_place_of(handler),
        )
    return type(None) if model is None else model


def _completion(flat: FlatRoute, model: Any) -> Callable[..., Any] | None:
    """What makes the answer of the handler's value: the response model does, or the type that the handler says it returns."""
    if hasattr(model, "__complete__"):
        complete: Callable[..., Any] = model.__complete__()
        return complete
    returned = signature_of(flat.route.handler).return_annotation
    returned = get_origin(returned) or returned
    if "response_model" not in flat.options or not hasattr(returned, "__complete_as__"):
        return None
    made: Callable[..., Any] | None = returned.__complete_as__(flat.options["response_model"])
    return made


def bind_websocket(route: WebSocketRoute, path: str, dependencies: Sequence[Any], context: BindContext) -> Plan:
    """Read the signature of a WebSocket handler."""
    pattern = PathPattern(path)
    extra = [*dependencies, *route.dependencies]
    return make_plan(read_call(route.handler, path_names=pattern.names, overrides=context.overrides, extra=extra))


def _check_path(call: Call, pattern: PathPattern, flat: FlatRoute) -> None:
    for inner in call.walk():
        for item in inner.inputs:
            if item.kind == "path" and not set(item.aliases) & set(pattern.names):
                raise SetupError(
                    f"{inner.function.__qualname__}() declares the path parameter '{item.alias}', "
                    f"but the path '{flat.path}' has no '{{{item.alias}}}'.",
                    hint=f"Add '{{{item.alias}}}' to the path.",
                    where=_place(inner),
                )


def _dict_codec(bound: BoundRoute) -> ResponseCodec:
    typed = response_codec(dict[str, Any], bound.flat.options, _place(bound.call))
    return ResponseCodec(dict, bound.context.encode, typed.encode, typed.to_value, typed.check)


def _default_status(response_class: Any) -> int:
    try:
        default = signature_of(response_class.__init__).parameters["status_code"].default
    except (KeyError, AttributeError):
        return 200
    return default if isinstance(default, int) else 200


def _place(call: Call) -> str:
    return _place_of(call.function)


def _place_of(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
