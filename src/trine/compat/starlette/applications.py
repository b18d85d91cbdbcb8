"""`starlette.applications`: routes, middleware and exception handlers in one ASGI application."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trine.types import ASGIApp, Receive, Scope, Send

from .datastructures import State, URLPath
from .middleware import Middleware
from .middleware.errors import ServerErrorMiddleware
from .middleware.exceptions import ExceptionMiddleware
from .routes import limited
from .routing import BaseRoute, Router


class Starlette:
    """An ASGI application."""

    router: Any

    def __init__(
        self,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, Any] | None = None,
        lifespan: Any = None,
        *,
        max_body_size: int | None = None,
    ) -> None:
        self.debug = debug
        self.state = State()
        self._limit = max_body_size
        self.router = Router(routes, lifespan=lifespan)
        self.exception_handlers: dict[Any, Any] = dict(exception_handlers or {})
        self.user_middleware: list[Middleware] = list(middleware or [])
        self.middleware_stack: ASGIApp | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """Put everything around the router: server errors outermost, then middleware, then exception handlers."""
        outer = {key: handler for key, handler in self.exception_handlers.items() if key in (500, Exception)}
        inner = {key: handler for key, handler in self.exception_handlers.items() if key not in outer}
        app: ASGIApp = ExceptionMiddleware(self.router, handlers=inner, debug=self.debug)
        for entry in reversed(self.user_middleware):
            app = entry.cls(app, *entry.args, **entry.kwargs)
        handler = outer.get(Exception) or outer.get(500)
        return ServerErrorMiddleware(limited(app, self._limit), handler=handler, debug=self.debug)

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes, in the order in which they are tried."""
        routes: list[BaseRoute] = self.router.routes
        return routes

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Build the path of a named route."""
        path: URLPath = self.router.url_path_for(name, **path_params)
        return path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope. The middleware is built by the first one."""
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Add an application below a path."""
        self.router.mount(path, app=app, name=name)

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Add an application behind a host name."""
        self.router.host(host, app=app, name=name)

    def add_middleware(self, middleware_class: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Put an ASGI middleware around everything that was added before."""
        if self.middleware_stack is not None:
            raise RuntimeError("Cannot add middleware after an application has started")
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))

    def add_exception_handler(self, exc_class_or_status_code: int | type[Exception], handler: Any) -> None:
        """Answer an exception class or a status."""
        self.exception_handlers[exc_class_or_status_code] = handler

    def add_route(
        self,
        path: str,
        route: Callable[..., Any],
        methods: Sequence[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a route whose endpoint takes a request and gives a response."""
        self.router.add_route(path, route, methods=methods, name=name, include_in_schema=include_in_schema)

    def add_websocket_route(self, path: str, route: Callable[..., Any], name: str | None = None) -> None:
        """Add a WebSocket route whose endpoint takes the WebSocket alone."""
        self.router.add_websocket_route(path, route, name=name)
