"""APIRoute and its kin: routes whose functions Trine binds and compiles."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from trine.binding.bound import BoundRoute, bind_route, bind_websocket
from trine.binding.compile import compile_endpoint
from trine.binding.context import BindContext
from trine.binding.socket import compile_socket
from trine.binding.validate import adapter_for
from trine.binding.wires import REQUEST
from trine.compat.starlette.paths import DeclaredPath, route_path
from trine.compat.starlette.requests import EXIT_STACK
from trine.compat.starlette.responses import answer as send_answer
from trine.compat.starlette.routes import (
    BaseRoute,
    Match,
    Route,
    WebSocketRoute,
    compile_path,
    endpoint_name,
    handling_exceptions,
)
from trine.errors import SetupError
from trine.events import Events
from trine.http import Response as TrineResponse
from trine.openapi.callbacks import bind_sent
from trine.routing import FlatRoute, Layer, PathPattern
from trine.routing import Route as DeclaredRoute
from trine.routing import WebSocketRoute as DeclaredSocket
from trine.types import ASGIApp, Receive, Scope, Send

from . import params
from .cleanup import CleanupStack, cleanup_scope, contextmanager_in_worker, run_in_worker
from .datastructures import Default, DefaultPlaceholder
from .dependants import Dependant
from .encoders import jsonable_encoder
from .exceptions import as_fastapi_error, naming, refuse_v1_models
from .frontend import METHODS, Frontend, match_below
from .limits import BODY_LIMIT, READING, FormLimits, Reading, checked_body_size, checked_form_limits
from .requests import Request
from .responses import JSONResponse
from .streaming import encode_item
from .utils import generate_unique_id
from .websockets import WebSocket

Handler = Callable[[Any], Any]


def encode_plainly(value: Any) -> bytes:
    """Encode the value of a route without response model as FastAPI does: `jsonable_encoder`, then `json`."""
    try:
        text = _encode_json(value)
    except TypeError:
        return _encode_json(jsonable_encoder(value)).encode("utf-8")
    # Plain values need no encoder; but what SQLAlchemy hides in an object's attributes must stay hidden.
    return (_encode_json(jsonable_encoder(value)) if '"_sa' in text else text).encode("utf-8")


_encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


async def _raise_on(error: Exception, request: Any) -> TrineResponse:
    """Leave every exception to the application's middleware and handlers."""
    raise error


class _NoApplication:
    """Stands where a route is looked at before it belongs to an application."""

    dependency_overrides: Mapping[Any, Any] = MappingProxyType({})


def bind_context(app: Any, events: Events | None = None) -> BindContext:
    """What Trine's compiler must know of an application that speaks FastAPI's words."""
    return BindContext(
        app=app,
        recover=lambda handlers: _raise_on,
        overrides=getattr(app, "dependency_overrides", {}),
        max_body_size=2**62,
        max_json_depth=500,
        timeout=None,
        body_timeout=float("inf"),
        encode=encode_plainly,
        encode_item=encode_item,
        run_in_thread=run_in_worker,
        contextmanager_in_thread=contextmanager_in_worker,
        exit_stack=CleanupStack,
        events=events or Events(),
    )


class APIRoute(Route):
    """A path, methods and a function whose signature is the contract."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        response_model: Any = Default(None),
        status_code: int | None = None,
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        summary: str | None = None,
        description: str | None = None,
        response_description: str = "Successful Response",
        responses: dict[int | str, dict[str, Any]] | None = None,
        deprecated: bool | None = None,
        name: str | None = None,
        methods: Any = None,
        operation_id: str | None = None,
        response_model_include: Any = None,
        response_model_exclude: Any = None,
        response_model_by_alias: bool = True,
        response_model_exclude_unset: bool = False,
        response_model_exclude_defaults: bool = False,
        response_model_exclude_none: bool = False,
        include_in_schema: bool = True,
        response_class: Any = Default(JSONResponse),
        dependency_overrides_provider: Any = None,
        callbacks: Sequence[BaseRoute] | None = None,
        openapi_extra: dict[str, Any] | None = None,
        generate_unique_id_function: Any = Default(generate_unique_id),
        strict_content_type: Any = Default(value=True),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        outer: Layer = Layer(),
        outer_reading: Reading = Reading(),
    ) -> None:
        self.endpoint = endpoint
        self.outer = outer
        self.reading = outer_reading.join(Reading(checked_form_limits(form_limits), given(strict_content_type)))
        self.response_model = response_model
        self.status_code = None if status_code is None else int(status_code)
        self.own_tags = list(tags or ())
        self.own_dependencies = list(dependencies or ())
        self.summary = summary
        self.description = description
        self.response_description = response_description
        self.own_responses = dict(responses or {})
        self.own_deprecated = deprecated
        self.name = endpoint_name(endpoint) if name is None else name
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.operation_id = operation_id
        self.response_model_include = response_model_include
        self.response_model_exclude = response_model_exclude
        self.response_model_by_alias = response_model_by_alias
        self.response_model_exclude_unset = response_model_exclude_unset
        self.response_model_exclude_defaults = response_model_exclude_defaults
        self.response_model_exclude_none = response_model_exclude_none
        self.own_include_in_schema = include_in_schema
        self.own_response_class = response_class
        self.dependency_overrides_provider = dependency_overrides_provider
        self.own_callbacks = list(callbacks or ())
        self.openapi_extra = openapi_extra
        self.own_generate_unique_id_function = generate_unique_id_function
        self.max_body_size = checked_body_size(max_body_size)
        self.place(path)
        self._check()

    # What the routers above and the route itself say -------------------------------------------------------------------

    @property
    def layer(self) -> Layer:
        """Everything said about the route, on the way down from the application."""
        return self.outer.join(
            Layer(
                tags=tuple(self.own_tags),
                dependencies=tuple(self.own_dependencies),
                responses=self.own_responses,
                callbacks=tuple(self.own_callbacks),
                deprecated=self.own_deprecated,
                include_in_schema=self.own_include_in_schema,
                default_response_class=given(self.own_response_class),
                generate_unique_id_function=given(self.own_generate_unique_id_function),
                max_body_size=self.max_body_size,
            )
        )

    @property
    def tags(self) -> list[Any]:
        """The groups in the documentation."""
        return list(self.layer.tags)

    @tags.setter
    def tags(self, value: list[Any]) -> None:
        self.outer = replace(self.outer, tags=())
        self.own_tags = value

    @property
    def dependencies(self) -> list[Any]:
        """Dependencies whose value nobody takes."""
        return list(self.layer.dependencies)

    @property
    def responses(self) -> dict[int | str, dict[str, Any]]:
        """Further answers, for the documentation."""
        return dict(self.layer.responses)

    @responses.setter
    def responses(self, value: dict[int | str, dict[str, Any]]) -> None:
        self.outer = replace(self.outer, responses={})
        self.own_responses = value

    @property
    def dependant(self) -> Dependant:
        """The endpoint and what it depends on."""
        return Dependant.of(self.bind(_NoApplication()).call, path=self.path)

    @property
    def deprecated(self) -> bool | None:
        """Whether the documentation marks the route as out of use."""
        return None if self.layer.deprecated is None else bool(self.layer.deprecated)

    @property
    def include_in_schema(self) -> bool:  # type: ignore[override] # what the routers above say counts too
        """Whether the documentation shows the route."""
        return self.layer.include_in_schema

    @property
    def callbacks(self) -> list[BaseRoute]:
        """Requests that the application sends back, for the documentation."""
        return list(self.layer.callbacks)

    @property
    def response_class(self) -> Any:
        """What a value becomes."""
        return self.layer.default_response_class or JSONResponse

    @property
    def generate_unique_id_function(self) -> Any:
        """Makes the operation id from the route."""
        return self.layer.generate_unique_id_function or generate_unique_id

    @property
    def form_limits(self) -> dict[str, int]:
        """The limits of a form that this route reads."""
        return dict(self.reading.form_limits)

    @property
    def strict_content_type(self) -> bool:
        """Whether a body without content type is refused as JSON."""
        return self.reading.is_strict

    @property
    def unique_id(self) -> str:
        """The operation's name in the documentation."""
        return self.operation_id or str(self.generate_unique_id_function(self))

    # Binding -------------------------------------------------------------------------------------------------------

    def place(self, path: str) -> None:
        """Stand at a path. What was compiled for another one is forgotten."""
        self.path = path
        self.declared = DeclaredPath(path)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._compiled: dict[Any, Handler] = {}
        self._handler: Handler | None = None

    def _check(self) -> None:
        """Find mistakes where they are made. What stands on no path, such as a webhook, is looked at with the document."""
        if self.path.startswith("/"):
            try:
                refuse_v1_models(given(self.response_model), *(answer.get("model") for answer in self.own_responses.values()))
                refuse_v1_models(*(annotation for annotation in getattr(self.endpoint, "__annotations__", {}).values()))
                # Parameters of the path may stand in a prefix that nobody has said yet.
                bound = bind_sent(self.flat(), bind_context(_NoApplication()))
                bound.check()
                for answer in self.own_responses.values():
                    if answer.get("model") is not None:
                        adapter_for(answer["model"])
            except SetupError as error:
                raise as_fastapi_error(error) from error

    def within(self, prefix: str, outer: Layer, reading: Reading) -> "APIRoute":
        """Give the same route below a prefix, with what the including router says in front."""
        placed = copy.copy(self)
        placed.outer = outer.join(self.outer)
        placed.reading = reading.join(self.reading)
        placed.place(prefix + self.path)
        return placed

    def flat(self) -> FlatRoute:
        """The route as Trine's binding takes it."""
        options: dict[str, Any] = {
            "status_code": self.status_code,
            "summary": self.summary,
            "description": self.description,
            "response_description": self.response_description,
            "operation_id": self.unique_id,
            "openapi_extra": self.openapi_extra,
            "name": self.name,
        }
        options.update({name: value for name in _MODEL_OPTIONS if (value := getattr(self, name)) not in (None, False)})
        options["response_model_by_alias"] = self.response_model_by_alias
        if not isinstance(self.response_model, DefaultPlaceholder):
            options["response_model"] = self.response_model
        path = self._pattern_path()
        route = DeclaredRoute(path, frozenset(self.methods or ()), self.endpoint, options)  # type: ignore[arg-type] # the same words
        return FlatRoute(route, path, self.layer)

    def _pattern_path(self) -> str:
        return self.path

    def bind(self, app: Any, events: Events | None = None) -> BoundRoute:
        """Read the signature. Raises `SetupError`."""
        return bind_route(self.flat(), bind_context(app, events))

    def get_route_handler(self) -> Handler:
        """Give the function from request to response. Subclasses wrap it."""

        async def answer(request: Any) -> TrineResponse:
            endpoint = self._endpoint(request.scope.get("app") or _NoApplication(), watching_of(request.scope, request=request))
            values = (request.path_params[name] for name in self.param_convertors)
            if endpoint.cleans_up:  # type: ignore[attr-defined] # functions carry attributes
                # The first thing on the stack is left last, after everything that it protects.
                request.exit_stack.enter_context(cleanup_scope())
            with naming(self.endpoint, self._described(request)):
                response: TrineResponse = await endpoint(request, *values)
            return response

        return answer

    def _endpoint(self, app: Any, events: Events | None) -> Callable[..., Any]:
        # Overrides may change at any time, and each set of them is compiled once.
        key = (id(app), events, *(getattr(app, "dependency_overrides", None) or {}).items())
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = compile_endpoint(self.bind(app, events), REQUEST)
        return compiled

    def _described(self, request: Any) -> str:
        return f"{request.method} {request.scope.get('root_path', '')}{self.path}"

    # Answering ------------------------------------------------------------------------------------------------------

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the path and method; leave the route itself in the scope."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    @property
    def app(self) -> ASGIApp:  # type: ignore[override] # a copy of the route answers for itself
        """The route as an ASGI application, without the check of the method."""
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._handler is None:
            self._handler = self.get_route_handler()
        handler = self._handler
        limit = self.outer.max_body_size if self.max_body_size is None else self.max_body_size
        if limit is not None:
            scope[BODY_LIMIT] = limit
        scope.setdefault(EXIT_STACK, CleanupStack())
        request = Request(scope, receive, send)
        reading = scope[READING].join(self.reading) if READING in scope else self.reading
        if reading.form_limits:
            request.form_limits = reading.trine_limits()
        if not reading.is_strict and "content-type" not in request.headers:
            request.assume_json()

        async def call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            async with request.exit_stack:
                response = await handler(request)
                with naming(self.endpoint, self._described(request)):
                    await send_answer(response, scope, receive, send)
            await request.close()

        await handling_exceptions(call_endpoint, request)(scope, receive, send)


class APIWebSocketRoute(WebSocketRoute):
    """A path and a function that talks over a WebSocket, with inputs and dependencies."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        dependency_overrides_provider: Any = None,
        outer: Layer = Layer(),
    ) -> None:
        self.endpoint = endpoint
        self.name = endpoint_name(endpoint) if name is None else name
        self.outer = outer
        self.own_dependencies = list(dependencies or ())
        self.dependency_overrides_provider = dependency_overrides_provider
        self.place(path)
        try:
            self._bind(_NoApplication())
        except SetupError as error:
            raise as_fastapi_error(error) from error

    @property
    def dependencies(self) -> list[Any]:
        """Dependencies whose value nobody takes."""
        return [*self.outer.dependencies, *self.own_dependencies]

    def place(self, path: str) -> None:
        """Stand at a path. What was compiled for another one is forgotten."""
        self.path = path
        self.declared = DeclaredPath(path)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def within(self, prefix: str, outer: Layer, reading: Reading) -> "APIWebSocketRoute":
        """Give the same route below a prefix, with what the including router says in front."""
        placed = copy.copy(self)
        placed.outer = outer.join(self.outer)
        placed.place(prefix + self.path)
        return placed

    def _bind(self, app: Any, events: Events | None = None) -> Callable[..., Any]:
        # A router's own path may be empty, until it is included below a prefix.
        path = self.path or "/"
        context = bind_context(app, events)
        plan = bind_websocket(DeclaredSocket(path, self.endpoint, self.name), path, self.dependencies, context)
        return compile_socket(plan, PathPattern(path), context)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit the path; leave the route itself in the scope."""
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    @property
    def app(self) -> ASGIApp:  # type: ignore[override] # a copy of the route answers for itself
        """The route as an ASGI application."""
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = scope.get("app") or _NoApplication()
        socket = WebSocket(scope, receive, send)
        events = watching_of(scope, websocket=socket)
        key = (id(app), events, *(getattr(app, "dependency_overrides", None) or {}).items())
        talk = self._compiled.get(key)
        if talk is None:
            talk = self._compiled[key] = self._bind(app, events)

        async def call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            values = (socket.path_params[name] for name in self.param_convertors)
            with naming(self.endpoint, f"WS {scope.get('root_path', '')}{self.path}"), cleanup_scope():
                await talk(socket, *values)

        await handling_exceptions(call_endpoint, socket)(scope, receive, send)


class FrontendRoute(APIRoute):
    """A built front end below a path. Dependencies and limits of the routers above hold for it too."""

    serves_below = True

    def __init__(self, path: str, frontend: Frontend, *, outer: Layer, outer_reading: Reading) -> None:
        super().__init__(path, frontend.serve, methods=METHODS, include_in_schema=False, outer=outer, outer_reading=outer_reading)

    def _check(self) -> None:
        """Accept an empty path: the front end of the whole site."""

    def _pattern_path(self) -> str:
        return self.path or "/"

    def _endpoint(self, app: Any, events: Events | None) -> Callable[..., Any]:
        # Files have no parts that are worth watching.
        return super()._endpoint(app, None)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fit everything at and below the path."""
        match, child_scope = match_below(self.path, route_path(scope), scope)
        if match is not Match.NONE:
            child_scope.update({"endpoint": self.endpoint, "route": self})
        return match, child_scope


def watching_of(scope: Scope, **connection: Any) -> Events | None:
    """Who watches the routes below a scope. Whoever tells about it gets to know the request or the WebSocket."""
    watching = scope.get("trine.telemetry")
    return None if watching is None else watching.meet(**connection)


def given(value: Any) -> Any:
    """A value that somebody gave, None where it is only a default."""
    return None if isinstance(value, DefaultPlaceholder) else value


_MODEL_OPTIONS = (
    "response_model_include",
    "response_model_exclude",
    "response_model_exclude_unset",
    "response_model_exclude_defaults",
    "response_model_exclude_none",
)
