"""`fastapi.applications`: `FastAPI`, an application that speaks FastAPI's words."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from trine.compat.starlette.applications import Starlette
from trine.compat.starlette.middleware import Middleware
from trine.compat.starlette.middleware.base import BaseHTTPMiddleware
from trine.compat.starlette.routing import BaseRoute
from trine.errors import HTTPException, RequestValidationError, WebSocketRequestValidationError
from trine.types import ASGIApp, Receive, Scope, Send

from . import routing
from .datastructures import Default
from .exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from .exceptions import FastAPIDeprecationWarning
from .limits import BODY_LIMIT, READING, FormLimits, Reading, checked_body_size
from .openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from .openapi.utils import get_openapi
from .params import Depends
from .requests import Request
from .responses import HTMLResponse, JSONResponse
from .utils import generate_unique_id


class FastAPI(Starlette):
    """An application: routes that Trine binds and compiles, with FastAPI's defaults and documentation pages."""

    def __init__(
        self,
        *,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, Any]] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: Any = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, Any] | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Any = None,
        terms_of_service: str | None = None,
        contact: dict[str, Any] | None = None,
        license_info: dict[str, Any] | None = None,
        openapi_prefix: str = "",
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: routing.APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: Any = Default(generate_unique_id),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = True,
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        telemetry: Any = None,
        **extra: Any,
    ) -> None:
        self.telemetry = make_telemetry(telemetry)
        super().__init__(debug=debug, middleware=middleware, exception_handlers=exception_handlers)
        self.max_body_size = checked_body_size(max_body_size)
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.openapi_external_docs = openapi_external_docs
        self.openapi_version = "3.1.0"
        self.openapi_schema: dict[str, Any] | None = None
        self.separate_input_output_schemas = separate_input_output_schemas
        self.servers = list(servers or ())
        self.root_path = root_path or openapi_prefix
        if self.root_path:
            message = "The prefix that a proxy strips belongs to the server: fastapi run --root-path, uvicorn --root-path."
            warnings.warn(message, FastAPIDeprecationWarning, stacklevel=2)
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.extra = extra
        if openapi_url:
            if not title:
                raise AssertionError("A title must be provided for OpenAPI, e.g.: 'My API'")
            if not version:
                raise AssertionError("A version must be provided for OpenAPI, e.g.: '2.1.0'")
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.webhooks = webhooks or routing.APIRouter()
        self.exception_handlers = {
            HTTPException: http_exception_handler,
            RequestValidationError: request_validation_exception_handler,
            WebSocketRequestValidationError: websocket_request_validation_exception_handler,
            **self.exception_handlers,
        }
        self.router: routing.APIRouter = routing.APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
            max_body_size=max_body_size,
            form_limits=form_limits,
        )
        self.setup()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if self.root_path:
            scope["root_path"] = self.root_path
        if self.max_body_size is not None:
            scope[BODY_LIMIT] = self.max_body_size
        if self.router.reading != Reading():
            scope[READING] = scope.get(READING, Reading()).join(self.router.reading)
        if self.telemetry is None or self._is_told_elsewhere():
            await super().__call__(scope, receive, send)
        else:
            await self.telemetry.answer(super().__call__, scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Put middleware around the router."""
        self._told_elsewhere = bool(getattr(self, "_is_instrumented_by_opentelemetry", False))
        return super().build_middleware_stack()

    def _is_told_elsewhere(self) -> bool:
        # OpenTelemetry's own instrumentation marks the application before its middleware is put together.
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        return self._told_elsewhere

    _told_elsewhere = False

    # The documentation ------------------------------------------------------------------------------------------------

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once and kept until the routes change."""
        routes = [id(route) for route in [*routing.iter_routes(self.routes), *routing.iter_routes(self.webhooks.routes)]]
        if self.openapi_schema is None or routes != self._documented:
            self._documented = routes
            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
        return self.openapi_schema

    _documented: list[int] | None = None

    def setup(self) -> None:
        """Add the routes of the document and its pages."""
        if not self.openapi_url:
            return
        self.add_route(self.openapi_url, self._answer_openapi, include_in_schema=False)
        if self.docs_url:
            self.add_route(self.docs_url, self._answer_docs, include_in_schema=False)
            if self.swagger_ui_oauth2_redirect_url:
                self.add_route(self.swagger_ui_oauth2_redirect_url, _answer_oauth2_redirect, include_in_schema=False)
        if self.redoc_url:
            self.add_route(self.redoc_url, self._answer_redoc, include_in_schema=False)

    async def _answer_openapi(self, request: Request) -> JSONResponse:
        document = self.openapi()
        root_path = request.scope.get("root_path", "").rstrip("/")
        urls = {server.get("url") for server in document.get("servers", ())}
        if root_path and root_path not in urls and self.root_path_in_servers:
            # A copy: what one proxy calls the application is not what another one does.
            document = {**document, "servers": [{"url": root_path}, *document.get("servers", ())]}
        return JSONResponse(document)

    async def _answer_docs(self, request: Request) -> HTMLResponse:
        root_path = request.scope.get("root_path", "").rstrip("/")
        redirect = self.swagger_ui_oauth2_redirect_url
        return get_swagger_ui_html(
            openapi_url=f"{root_path}{self.openapi_url}",
            title=f"{self.title} - Swagger UI",
            oauth2_redirect_url=f"{root_path}{redirect}" if redirect else None,
            init_oauth=self.swagger_ui_init_oauth,
            swagger_ui_parameters=self.swagger_ui_parameters,
        )

    async def _answer_redoc(self, request: Request) -> HTMLResponse:
        root_path = request.scope.get("root_path", "").rstrip("/")
        return get_redoc_html(openapi_url=f"{root_path}{self.openapi_url}", title=f"{self.title} - ReDoc")

    # Declaring, on the application's own router -----------------------------------------------------------------------

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route without a decorator."""
        self.router.add_api_route(path, endpoint, **options)

    def api_route(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer the methods of a path with one function."""
        return self.router.api_route(path, **options)

    def get(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer GET requests for a path."""
        return self.router.get(path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer PUT requests for a path."""
        return self.router.put(path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer POST requests for a path."""
        return self.router.post(path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer DELETE requests for a path."""
        return self.router.delete(path, **options)

    def options(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer OPTIONS requests for a path."""
        return self.router.options(path, **options)

    def head(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer HEAD requests for a path."""
        return self.router.head(path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer PATCH requests for a path."""
        return self.router.patch(path, **options)

    def trace(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer TRACE requests for a path."""
        return self.router.trace(path, **options)

    def route(self, path: str, **options: Any) -> Callable[[Any], Any]:
        """Answer with a function from request to response, without binding."""
        return self.router.route(path, **options)

    def add_api_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None, **options: Any) -> None:
        """Add a WebSocket route without a decorator."""
        self.router.add_api_websocket_route(path, endpoint, name, **options)

    def websocket(self, path: str, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """Talk over a WebSocket at a path."""
        return self.router.websocket(path, name, **options)

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[Any], Any]:
        """Talk over a WebSocket with a function that takes nothing else."""
        return self.router.websocket_route(path, name)

    def include_router(self, router: routing.APIRouter, **options: Any) -> None:
        """Take a router's routes in, also those that it gets later."""
        self.router.include_router(router, **options)

    def frontend(self, path: str, **options: Any) -> None:
        """Serve a built front end below a path, where no route answers."""
        self.router.frontend(path, **options)

    def on_event(self, event_type: str) -> Callable[[Any], Any]:
        """Run a function at "startup" or "shutdown". A lifespan does both in one place."""
        return self.router.on_event(event_type)

    def middleware(self, middleware_type: str) -> Callable[[Any], Any]:
        """Wrap everything with a function of the request and `call_next`, which gives the response."""
        if middleware_type != "http":
            raise AssertionError('Currently only middleware("http") is supported.')

        def register(function: Any) -> Any:
            self.add_middleware(BaseHTTPMiddleware, dispatch=function)
            return function

        return register

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> Callable[[Any], Any]:
        """Answer an exception class or a status with a function of request and exception."""

        def register(function: Any) -> Any:
            self.add_exception_handler(exc_class_or_status_code, function)
            return function

        return register


async def _answer_oauth2_redirect(request: Request) -> HTMLResponse:
    return get_swagger_ui_oauth2_redirect_html()


def make_telemetry(config: Any) -> Any:
    """Tell OpenTelemetry about requests, where it is installed. Asked for explicitly, it has to be."""
    if config is None and find_spec("opentelemetry") is None:
        return None
    from .telemetry import Telemetry

    return Telemetry(config)
