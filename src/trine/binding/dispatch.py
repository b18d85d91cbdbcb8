"""From a server's call to the compiled function of a route: the host, the path, the method."""

from asyncio import current_task
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from trine.errors import HTTPException, SetupError
from trine.http import Handler, ReadyResponse, RedirectResponse, Request, Response
from trine.routing import (
    APIRouter,
    APIVersions,
    FlatRoute,
    FrontendRoute,
    HostRoute,
    Layer,
    Mount,
    PathPattern,
    ReverseTable,
    Route,
    RouteTree,
    WebSocketRoute,
    expand_routes,
)
from trine.server import AllowedHosts, asgi, rsgi
from trine.server.foreign import ForeignApp, below, run_asgi
from trine.server.wsgi import WSGIAdapter, speaks_asgi
from trine.types import ASGIApp, Receive, Scope, Send

from .bound import BoundRoute, BoundSocket, bind_route, bind_websocket
from .compile import Endpoint, compile_endpoint
from .context import BindContext
from .lifetimes import with_deadline
from .socket import compile_socket
from .wires import ASGI, REQUEST, RSGI, Wire

SOCKET_METHOD = "WEBSOCKET"
# Uvicorn's own limit: a mounted application counts on it.
_OTHERS_MESSAGES = 16 * 1024 * 1024


@dataclass
class Declarations:
    """Everything that a router declares, bound: the start of every table."""

    routes: list[BoundRoute]
    sockets: list[BoundSocket]
    mounts: list[tuple[str, ASGIApp]]
    names: ReverseTable
    context: BindContext
    frontends: list[tuple[str, BoundRoute]] = field(default_factory=list)
    hosts: "list[tuple[AllowedHosts, Declarations | ASGIApp]]" = field(default_factory=list)
    """What answers for other host names, in the order of declaration."""
    versions: "dict[str, Declarations]" = field(default_factory=dict)
    """Each API version, where a header chooses it; these are the default one's declarations then."""

    def routes_of(self, version: str | None) -> list[BoundRoute]:
        """The routes of an API version, and those that have none."""
        found = self.versions.get(version or "", self)
        return [bound for bound in found.routes if version is None or bound.flat.version in (None, version)]

    def all_sockets(self) -> "Iterator[BoundSocket]":
        """Every WebSocket route, those of other host names too."""
        yield from self.sockets
        for _, target in self.hosts:
            if isinstance(target, Declarations):
                yield from target.all_sockets()

    @property
    def max_message_size(self) -> int:
        """Most bytes of a WebSocket message that anything here takes: what a server need not read beyond."""
        others = [_OTHERS_MESSAGES] * bool(self.mounts or any(not isinstance(target, Declarations) for _, target in self.hosts))
        return max([*(socket.limits.max_message_size for socket in self.all_sockets()), *others], default=_OTHERS_MESSAGES)


def read_declarations(
    router: APIRouter,
    context: BindContext,
    *,
    built_in: APIRouter | None = None,
    files: APIRouter | None = None,
    versions: APIVersions | None = None,
    version: str | None = None,
) -> Declarations:
    """Bind every route, or those of one version. All mistakes are reported together, as one `SetupError`."""
    found = Declarations([], [], [], ReverseTable(), context)
    problems = [*_read_routes(found, expand_routes(router.flat_routes(), versions), version), *_read_others(found, router, files)]
    if problems:
        raise SetupError.together(problems)
    if built_in is not None:
        found.routes.extend(bind_route(flat, context) for flat in built_in.flat_routes())
    for flat in () if files is None else files.flat_routes():
        bound = bind_route(flat, context)
        found.routes.append(bound)
        found.names.add(flat.name, bound.pattern)
    found.mounts.sort(key=lambda mount: -len(mount[0]))
    found.frontends.sort(key=lambda frontend: -len(frontend[0]))
    return found


def _read_routes(
    found: Declarations, flats: Iterable[tuple[FlatRoute, SetupError | None]], version: str | None
) -> Iterator[SetupError]:
    """Bind the routes of a version, and give the mistakes in them."""
    seen: dict[tuple[str, str], FlatRoute] = {}
    for flat, mistake in flats:
        try:
            if mistake is not None:
                raise mistake
            if version is not None and flat.version not in (None, version):
                continue
            bound = bind_route(flat, found.context)
            bound.check()
            _check_conflicts(bound, seen)
            found.routes.append(bound)
            found.names.add(flat.name, bound.pattern)
            if flat.version is not None:
                found.names.add(f"{flat.version}:{flat.name}", bound.pattern)
        except SetupError as problem:
            yield from (_with_place(one, flat.route.handler) for one in problem.problems)


def _read_others(found: Declarations, router: APIRouter, files: APIRouter | None) -> Iterator[SetupError]:
    """Bind what is no route: WebSockets, mounts, front ends and hosts."""
    context = found.context
    for entry, layer in router.walk():
        try:
            if isinstance(entry, WebSocketRoute):
                pattern = PathPattern(layer.prefix + entry.path)
                plan = bind_websocket(entry, pattern.path, layer.dependencies, context)
                talk = compile_socket(plan, pattern, context)
                found.sockets.append(BoundSocket(pattern, entry, layer, context, talk).check())
                found.names.add(entry.name, pattern)
            elif isinstance(entry, Mount):
                found.mounts.append((layer.prefix + entry.path, _mountable(entry.app, context, lifespan=entry.lifespan)))
                found.names.add_mount(entry.name or "", layer.prefix + entry.path, entry.app)
            elif isinstance(entry, FrontendRoute):
                found.frontends.append((layer.prefix + entry.path, _bind_frontend(entry, layer, context)))
            elif isinstance(entry, HostRoute):
                target = _host_target(entry, context, files)
                found.hosts.append((AllowedHosts([entry.host]), target))
                if isinstance(target, Declarations):
                    found.names.add_table(target.names)
        except SetupError as problem:
            yield from (_with_place(one, getattr(entry, "handler", None)) for one in problem.problems)


def _mountable(app: Any, context: BindContext, *, lifespan: bool) -> ASGIApp:
    if not hasattr(app, "answer_below"):
        if speaks_asgi(app):
            return ForeignApp(app, context.app.state_below(app)) if lifespan else cast("ASGIApp", app)
        app = WSGIAdapter(app, list(context.default_headers))
    return RequestMount(app, context)


def _bind_frontend(entry: FrontendRoute, layer: Layer, context: BindContext) -> BoundRoute:
    entry.frontend.check(is_development=context.app.settings.is_development)
    path = f"{layer.prefix}{entry.path}/{{frontend_path:path}}"
    route = Route(path, frozenset({"GET", "HEAD"}), entry.frontend.serve, {"include_in_schema": False})
    return bind_route(FlatRoute(route, path, layer.without_prefix()), context)


def _host_target(entry: HostRoute, context: BindContext, files: APIRouter | None) -> "Declarations | ASGIApp":
    # An application has its own settings and middleware; a router is part of this one.
    if isinstance(entry.target, APIRouter) and not callable(entry.target):
        return read_declarations(entry.target, context, files=files)
    return _mountable(entry.target, context, lifespan=True)


def _check_conflicts(bound: BoundRoute, seen: dict[tuple[str, str], FlatRoute]) -> None:
    for method in bound.flat.route.methods:
        other = seen.setdefault((method, bound.pattern.shape), bound.flat)
        if other is not bound.flat:
            raise SetupError(
                f"{method} {bound.flat.path} is answered twice: by '{other.name}' ({other.path}) and '{bound.flat.name}'.",
                hint="Change one of the paths, or remove one of the routes.",
                where=_place(bound.call.function),
            )


def _with_place(problem: SetupError, handler: Any) -> SetupError:
    return problem if problem.where else SetupError(problem.message, hint=problem.hint, where=_place(handler))


def _place(handler: Any) -> str:
    code = getattr(handler, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


class Table:
    """Compiled endpoints of one wire, and what answers where there is none."""

    def __init__(self, found: Declarations, wire: Wire, *, redirect_slashes: bool = True) -> None:
        self.found = found
        self.wire = wire
        self.redirect_slashes = redirect_slashes
        self.tree: RouteTree[Endpoint] = RouteTree()
        self.sockets: RouteTree[BoundSocket] = RouteTree()
        self._recover_other = found.context.recover(found.context.unrouted)
        self._compiled: list[Any] = []
        self.frontends = [(prefix, self._endpoint(bound, REQUEST)) for prefix, bound in found.frontends]
        for bound in found.routes:
            endpoint = self._endpoint(bound, wire)
            self._compiled.append(endpoint)
            for method in bound.flat.route.methods:
                self.tree.add(bound.pattern, method, endpoint)
        for bound in found.routes:
            endpoints = self.tree.endpoints(bound.pattern)
            if "GET" in endpoints:
                endpoints.setdefault("HEAD", endpoints["GET"])
        for socket in found.sockets:
            self.sockets.add(socket.pattern, SOCKET_METHOD, socket)
        self.tails = self.tree.tails
        self.request_mounts = [(prefix, f"{prefix}/", mount_handler(prefix, app)) for prefix, app in found.mounts]
        self.mounts = [
            (prefix, below_prefix, self._mount_endpoint(prefix, app, handler))
            for (prefix, app), (_, below_prefix, handler) in zip(found.mounts, self.request_mounts, strict=True)
        ]

    def steady(self, *claims: str) -> frozenset[int]:
        """The endpoints that make one of these claims of themselves, by the identity of their code."""
        found = [endpoint for endpoint in self._compiled if any(getattr(endpoint, claim, False) for claim in claims)]
        return frozenset(id(endpoint.__code__) for endpoint in found)

    def find(self, path: str, method: str) -> tuple[Endpoint, Sequence[Any]] | None:
        """Find the endpoint for a path and method, and the path's values."""
        endpoints = self.tree.statics.get(path)
        if endpoints is not None and method in endpoints:
            return endpoints[method], ()
        found = self.tree.find(path)
        if found is None:
            return None
        if method in found[0]:
            return found[0][method], found[1]
        # A less specific path may answer the method.
        for candidates, values in self.tree.find_all(path):
            if method in candidates:
                return candidates[method], values
        return None

    def find_socket(self, path: str) -> tuple[BoundSocket, Sequence[Any]] | None:
        """Find the WebSocket route for a path, and the path's values."""
        known = self.sockets.statics.get(path)
        if known is not None:
            return known[SOCKET_METHOD], ()
        found = self.sockets.find(path)
        return None if found is None else (found[0][SOCKET_METHOD], found[1])

    def mount_at(self, path: str) -> Endpoint | None:
        """The application that is mounted at a path or above it."""
        for prefix, below_prefix, endpoint in self.mounts:
            if path == prefix or path.startswith(below_prefix):
                return endpoint
        return None

    def allowed(self, path: str) -> list[str]:
        """The methods that a path answers."""
        methods = set(self.tree.statics.get(path, ()))
        for endpoints, _ in self.tree.find_all(path):
            methods |= set(endpoints)
        if methods:
            methods.add("OPTIONS")
        return sorted(methods)

    async def answer_other(self, request: Request) -> Response:
        """Answer where no route does: mounts, OPTIONS, the other form of the slash, 405 and 404."""
        try:
            return await self._answer_other(request)
        except HTTPException as error:
            if not self.found.context.unrouted:
                raise
            return await self._recover_other(error, request)

    async def _answer_other(self, request: Request) -> Response:
        path = request.path
        for prefix, below_prefix, handler in self.request_mounts:
            if path == prefix or path.startswith(below_prefix):
                # Another application has limits of its own.
                self.found.context.deadlines.entries.pop(current_task(), None)
                return await handler(request)
        if not path and not request.root_path:
            raise HTTPException(400, "The request does not ask for a path.")  # CONNECT, or a target such as "host:80"
        allowed = self.allowed(path)
        if allowed:
            headers = {"allow": ", ".join(allowed)}
            if request.method == "OPTIONS":
                return Response(None, 204, headers)
            raise HTTPException(405, headers=headers)
        if self.redirect_slashes and path != "/":
            other = path[:-1] if path.endswith("/") else path + "/"
            if self.allowed(other) and not other.startswith("//"):
                return RedirectResponse(str(request.url.replace(path=request.root_path + other)))
        for prefix, endpoint in self.frontends:
            if path == prefix or path.startswith(prefix + "/"):
                response: Response = await endpoint(request, path[len(prefix) + 1 :])
                return response
        raise HTTPException(404)

    def _mount_endpoint(self, prefix: str, app: ASGIApp, handler: Handler) -> Endpoint:
        context = self.found.context
        if isinstance(app, RequestMount) and isinstance(app.app, WSGIAdapter) and self.wire is not REQUEST:
            serve = partial(serve_handler, wire=self.wire, context=context)
            make = app.app.rsgi_endpoint if self.wire is RSGI else app.app.asgi_endpoint
            return make(prefix, context.app, serve)
        if self.wire is not ASGI or isinstance(app, RequestMount):
            return serve_handler(handler, self.wire, context)

        def answer_mounted(scope: Scope, receive: Receive, send: Send, _headers: Any) -> Awaitable[None]:
            return app(below(scope, prefix), receive, send)

        return answer_mounted

    def _endpoint(self, bound: BoundRoute, wire: Wire) -> Endpoint:
        # What only marks a route, such as a blueprint's, is no reason to wrap it.
        middleware = [one for one in bound.flat.layer.middleware if not getattr(one, "adds_nothing", False)]
        if not middleware:
            return compile_endpoint(bound, wire)
        inner = compile_endpoint(bound, REQUEST)

        async def call_endpoint(request: Request) -> Response:
            response: Response = await inner(request, *request.path_params.values())
            return response

        handler = in_time(wrap(call_endpoint, middleware), bound.context)
        names = bound.pattern.names
        if wire is REQUEST:

            async def answer(request: Request, *values: Any) -> Response:
                request.path_params = dict(zip(names, values, strict=True))
                return await handler(request)

            return answer
        return serve_handler(handler, wire, bound.context, names)


class RequestMount:
    """Something mounted that answers requests itself, such as files or a WSGI application; the face that ASGI sees of it."""

    def __init__(self, app: Any, context: BindContext) -> None:
        self.app = app
        self.answer_below: Callable[[Request, str], Awaitable[Response]] = app.answer_below
        self._serve = serve_handler(self._answer, ASGI, context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI server. WebSockets are refused."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, request: Request) -> Response:
        return await self.answer_below(request, request.path)


def mount_handler(prefix: str, app: "ASGIApp | RequestMount") -> Handler:
    """Answer what lies below a path with a mounted application."""

    def answer_mounted(request: Request) -> Awaitable[Response]:
        if isinstance(app, RequestMount):
            return app.answer_below(request, request.path[len(prefix) :])
        return run_asgi(app, request, prefix)

    return answer_mounted


def wrap(handler: Handler, middleware: Iterable[Callable[[Handler], Handler]]) -> Handler:
    """Put middleware around a handler, the first one outermost."""
    for layer in reversed(list(middleware)):
        handler = layer(handler)
    return handler


def in_time(handler: Handler, context: BindContext) -> Handler:
    """Give a handler the application's deadline, where it has one."""
    return handler if context.timeout is None else with_deadline(handler, context.deadlines, context.timeout)


def serve_handler(handler: Handler, wire: Wire, context: BindContext, names: Sequence[str] = ()) -> Endpoint:
    """Let a `Request → Response` function answer a server directly."""
    return _serve_rsgi(handler, context, names) if wire is RSGI else _serve_asgi(handler, context, names)


def _serve_rsgi(handler: Handler, context: BindContext, names: Sequence[str]) -> Endpoint:
    recover, app, defaults, limit = context.recover({}), context.app, list(context.default_headers), context.max_body_size

    async def serve(scope: Any, proto: Any, headers: Any = None, *values: Any) -> None:
        request = rsgi.RSGIRequest(scope, proto, app, dict(zip(names, values, strict=True)) if names else {}, headers)
        request.body_limit = limit
        try:
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                response = await recover(error, request)
            if type(response) is ReadyResponse and response.body and "headers" not in response.__dict__:
                # What most requests end with. Nothing is left that may fail before the answer begins.
                proto.response_bytes(response.status_code, response.pairs, response.body)
                return
            try:
                response, lines = rsgi.make_ready(response, defaults, scope)
            except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                response = await recover(error, request)
                response, lines = rsgi.make_ready(response, defaults, scope)
            rest = rsgi.send_ready(response, lines, proto, scope)
            if rest is not None:
                await rest
        finally:
            if request.awaits_closing:
                await request.close()

    return serve


def _serve_asgi(handler: Handler, context: BindContext, names: Sequence[str]) -> Endpoint:
    recover, app, defaults, limit = context.recover({}), context.app, list(context.default_headers), context.max_body_size

    async def serve(scope: Scope, receive: Receive, send: Send, _headers: Any = None, *values: Any) -> None:
        request = asgi.ASGIRequest(scope, receive, app, dict(zip(names, values, strict=True)) if names else {})
        request.body_limit = limit
        try:
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                response = await recover(error, request)
            try:
                response, lines = asgi.make_ready(response, defaults, scope)
            except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                response = await recover(error, request)
                response, lines = asgi.make_ready(response, defaults, scope)
            await asgi.send_ready(response, lines, send, head=request.method == "HEAD", receiver=request, scope=scope)
        finally:
            if request.awaits_closing:
                await request.close()

    return serve


def request_handler(table: Table) -> Handler:
    """The innermost handler below the application's middleware: find the route and call it."""
    recover = table.found.context.recover({})

    async def route_request(request: Request) -> Response:
        found = table.find(request.path, request.method)
        try:
            if found is None:
                return await table.answer_other(request)
            endpoint, values = found
            response: Response = await endpoint(request, *values)
        except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
            return await recover(error, request)
        else:
            return response

    return route_request


__all__ = ["SOCKET_METHOD", "Declarations", "Table", "in_time", "read_declarations", "request_handler", "serve_handler", "wrap"]
