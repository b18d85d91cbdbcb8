"""The one object that a user touches: it assembles the rooms, and holds no logic of theirs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, Unpack

from trine.commands import CommandGroup
from trine.concurrency import ConcurrencyLimit, Deadlines, set_thread_limit
from trine.events import Events
from trine.http import FormLimits
from trine.routing import APIRouter, APIVersions, FlatRoute, Middleware, OnDisconnect, WebSocketOptions, host_routers, origin_of
from trine.server.companion import Companion
from trine.server.drain import closing_asgi, closing_rsgi
from trine.server.leaving import watch_client
from trine.server.lifespan import LifespanRunner, answer_lifespan
from trine.types import Decorator, F, Mailer, ModelOptions, Receive, Scope, Send, State

if TYPE_CHECKING:
    from trine.binding.dispatch import Declarations
    from trine.settings import Problem, Settings


class Battery(Protocol):
    """Something that attaches to an application through one door."""

    def setup(self, app: "App") -> None:
        """Add routes, middleware and whatever else the battery brings."""
        ...


class App(APIRouter):
    """An application: routes, what wraps them, and what a server calls. Speaks ASGI and RSGI.

    Everything is bound when a server starts it, or at the first request; what is declared later is bound anew.
    """

    def __init__(
        self,
        *,
        settings: "Settings | None" = None,
        debug: bool | None = None,
        lifespan: Callable[["App"], AbstractAsyncContextManager[Any]] | None = None,
        title: str = "Trine",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        versions: APIVersions | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, Any] | None = None,
        license_info: dict[str, Any] | None = None,
        servers: Sequence[dict[str, Any]] = (),
        openapi_tags: Sequence[dict[str, Any]] = (),
        openapi_external_docs: dict[str, Any] | None = None,
        openapi_url: str | None = "/openapi.json",
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        swagger_ui_parameters: dict[str, Any] | None = None,
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        separate_input_output_schemas: bool = True,
        root_path: str = "",
        redirect_slashes: bool = True,
        dependencies: Sequence[Any] | None = None,
        middleware: Sequence[Middleware] = (),
        exception_handlers: Mapping[int | type[Exception], Callable[..., Any]] | None = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        callbacks: Sequence[Any] | None = None,
        default_response_class: Any = None,
        generate_unique_id_function: Any = None,
        include_in_schema: bool = True,
        deprecated: Any = None,
        inline: bool | None = None,
        max_body_size: int | None = None,
        max_json_depth: int | None = None,
        form_limits: FormLimits | None = None,
        timeout: float | None = None,
        max_concurrency: int | ConcurrencyLimit | None = None,
        on_disconnect: OnDisconnect | None = None,
        websocket_options: WebSocketOptions | None = None,
    ) -> None:
        super().__init__(
            dependencies=dependencies,
            exception_handlers=exception_handlers,
            responses=responses,
            callbacks=callbacks,
            default_response_class=default_response_class,
            generate_unique_id_function=generate_unique_id_function,
            include_in_schema=include_in_schema,
            deprecated=deprecated,
            inline=inline,
            max_body_size=max_body_size,
            max_json_depth=max_json_depth,
            form_limits=form_limits,
            timeout=timeout,
            max_concurrency=max_concurrency,
            on_disconnect=on_disconnect,
            websocket_options=websocket_options,
        )
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.versions = versions
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.servers = list(servers)
        self.openapi_tags = list(openapi_tags)
        self.openapi_external_docs = openapi_external_docs
        self.openapi_url = openapi_url
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_parameters = swagger_ui_parameters
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.separate_input_output_schemas = separate_input_output_schemas
        self.root_path = root_path
        self.redirect_slashes = redirect_slashes
        self.header_limit: int | None = None
        """Most bytes of header values, where the server behind RSGI reads more than it should. `trine run` sets it."""
        self.webhooks = APIRouter()
        self.commands = CommandGroup()
        self.state = State()
        self.events = Events(self.changed)
        self.extensions: dict[str, Any] = {}
        self.origin = origin_of(self)
        self.companions: list[Companion] = []
        """Processes that `trine run` and `trine dev` keep beside the workers."""
        self._overrides = Overrides(self.changed)
        self._given_settings = settings
        self._debug = debug
        self._settings: Settings | None = None
        self._middleware: list[Middleware] = list(reversed(middleware))
        self._batteries: list[Battery] = []
        self._checks: list[Callable[[Any], Sequence[Problem]]] = []
        self._is_checked = False
        self._lifespan = LifespanRunner(self, lifespan)
        self._deadlines = Deadlines(watch_client)
        self._declarations: Declarations | None = None
        self._openapi: dict[str | None, dict[str, Any]] = {}
        self._answer_asgi: Callable[[Scope, Receive, Send], Awaitable[None]] = self._first_asgi
        self._answer_rsgi: Callable[[Any, Any], Awaitable[None]] = self._first_rsgi

    # What users add ---------------------------------------------------------------------------------------------

    def add_middleware(self, middleware: Any, *arguments: Any, **options: Any) -> None:
        """Wrap everything that the application answers. The one added last is the outermost.

        Takes a function from `Handler` to `Handler`, a class and the options to make one, or a class or function written for
        ASGI, whose first parameter is the `app` below it.
        """
        from trine.middleware import Middleware

        self._middleware.append(Middleware(middleware, *arguments, **options))
        self.changed()

    def middleware(self, kind: Literal["http"] = "http") -> Decorator:
        """Wrap everything with a function of the request and `call_next`, which gives the response."""

        def register(function: Any) -> Any:
            self.add_middleware(_from_function(function))
            return function

        return register

    def on_event(self, event: Literal["startup", "shutdown"]) -> Decorator:
        """Run a function when the application starts or stops. A lifespan does both in one place."""

        def register(function: Any) -> Any:
            self._lifespan.on(event, function)
            return function

        return register

    def add_lifespan(self, lifespan: Callable[["App"], AbstractAsyncContextManager[Any]]) -> None:
        """Enter a context manager when the application starts, and leave it when it stops, beside `App(lifespan=...)`."""
        self._lifespan.add(lifespan)

    def command(self, name: str | None = None, *, help: str | None = None, lifespan: bool = True) -> Decorator:
        """Call a function as `trine NAME`: its parameters are arguments and options, dependencies are filled in."""
        return self.commands.command(name, help=help, lifespan=lifespan)

    def check(self, function: "Callable[[Any], Sequence[Problem]]") -> "Callable[[Any], Sequence[Problem]]":
        """Have a function of the settings find what is unsafe in production: a decorator. What it finds stops the start."""
        self._checks.append(function)
        return function

    def install(self, *batteries: Battery) -> None:
        """Attach batteries: each one's `setup(app)` is called once."""
        for battery in batteries:
            self._batteries.append(battery)
            battery.setup(self)

    def model(self, path: str, **options: Unpack[ModelOptions]) -> Decorator:
        """Serve a trained model below a path: a class with `load` and `predict`, or a function of a list. See `ModelOptions`."""
        from trine.serving import models_of

        return models_of(self).declare(path, options)

    def register_blueprint(self, blueprint: APIRouter, **options: Any) -> None:
        """Take a blueprint in. `url_prefix=` and `name=` say it otherwise than the blueprint itself."""
        self._pages().register(self, blueprint, **options)

    def before_request(self, function: F) -> F:
        """Call a function before each page. What it returns, other than None, is the answer."""
        return self._pages().hooks.before_request(function)  # type: ignore[no-any-return] # the same function

    def after_request(self, function: F) -> F:
        """Call a function with the answer of each page; it gives the answer back, or another one."""
        return self._pages().hooks.after_request(function)  # type: ignore[no-any-return] # the same function

    def teardown_request(self, function: F) -> F:
        """Call a function with the exception, or None, once a page's answer was sent."""
        return self._pages().hooks.teardown_request(function)  # type: ignore[no-any-return] # the same function

    def errorhandler(self, key: int | type[Exception]) -> Decorator:
        """Answer an exception class, or a status, in pages and where there is no page, with a function of the exception."""
        return self._pages().hooks.errorhandler(key)  # type: ignore[no-any-return] # a decorator

    def context_processor(self, function: F) -> F:
        """Give every template the dictionary that a function returns."""
        return self._pages().hooks.context_processor(function)  # type: ignore[no-any-return] # the same function

    def url_value_preprocessor(self, function: F) -> F:
        """Call a function with the endpoint and the values of the path before each page; it may take values out."""
        return self._pages().hooks.url_value_preprocessor(function)  # type: ignore[no-any-return] # the same function

    def url_defaults(self, function: F) -> F:
        """Let a function add values to `url_for` that nobody has said: it gets the endpoint and the values."""
        return self._pages().hooks.url_defaults(function)  # type: ignore[no-any-return] # the same function

    def template_filter(self, name: str | None = None) -> Decorator:
        """Make a function a filter of templates: `{{ price|euros }}`."""
        return self._pages().templates.filter(name)  # type: ignore[no-any-return] # a decorator

    def template_test(self, name: str | None = None) -> Decorator:
        """Make a function a test of templates: `{% if number is prime %}`."""
        return self._pages().templates.test(name)  # type: ignore[no-any-return] # a decorator

    def template_global(self, name: str | None = None) -> Decorator:
        """Let templates call a function."""
        return self._pages().templates.add_global(name)  # type: ignore[no-any-return] # a decorator

    @property
    def outer_middleware(self) -> list[Middleware]:
        """What wraps the whole application, outermost first."""
        return list(reversed(self._middleware))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise _elsewhere(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "secret_key":
                raise _elsewhere(self, name)
            super().__setattr__(name, value)

    # What handlers ask ------------------------------------------------------------------------------------------

    @property
    def dependency_overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Dependencies and what is called in their place, such as fakes in tests."""
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._overrides.clear()
        self._overrides.update(overrides)

    @property
    def settings(self) -> "Settings":
        """The settings: those given, else those of the environment."""
        if self._settings is None:
            from trine.settings import Settings

            self._settings = self._given_settings or Settings.load()
        return self._settings

    @property
    def mail(self) -> Mailer:
        """Sends mail: the battery that is installed, or one as the settings say. Install it to have it checked at the start."""
        from trine.mail import mail_of

        return mail_of(self, self._batteries)

    @property
    def debug(self) -> bool:
        """Whether errors are shown with their source: in development, or where asked for."""
        return self.settings.is_development if self._debug is None else self._debug

    @property
    def lifespan_state(self) -> Mapping[str, Any]:
        """What the lifespan yielded: every request's state starts with it."""
        return self._lifespan.state

    def state_below(self, mounted: Any) -> dict[str, Any]:
        """What the lifespan of a mounted application yields. Whoever is asked for is started with this application."""
        return self._lifespan.state_of(mounted)

    @property
    def declarations(self) -> "Declarations":
        """Every route, bound. Raises `SetupError` with all mistakes at once."""
        if self._declarations is None:
            from trine.binding.build import build
            from trine.openapi import docs_router

            pages = self._pages() if self._has_pages else None
            self._declarations = build(self, self._deadlines, built_in=docs_router(self), pages=pages)
        return self._declarations

    @property
    def _has_pages(self) -> bool:
        if "pages" in self.extensions:
            return True
        return any(flat.route.page is not None for one in (self, *host_routers(self)) for flat in one.flat_routes())

    def _pages(self) -> Any:
        from trine.pages import pages_of

        return pages_of(self)

    def bind_page(self, flat: FlatRoute, context: Any) -> FlatRoute:
        """Make the route of a page of what was declared. Binding calls it."""
        bound: FlatRoute = self._pages().bind(flat, context.recover)
        return bound

    def url_path_for(self, name: str, /, **path_params: Any) -> str:
        """Build the path of a named route. Raises `NoMatchFound`."""
        return self.declarations.names.build(name, **path_params)

    def openapi(self, version: str | None = None) -> dict[str, Any]:
        """The OpenAPI 3.1 document of an API version, the default one's else. Kept until a declaration changes."""
        version = version or (self.versions.default if self.versions else None)
        if version not in self._openapi:
            from trine.openapi import make_document

            self._openapi[version] = make_document(self, version)
        return self._openapi[version]

    def changed(self) -> None:
        """Bind everything anew at the next request."""
        super().changed()
        self._declarations = None
        self._openapi = {}
        self._answer_asgi = self._first_asgi
        self._answer_rsgi = self._first_rsgi

    @property
    def max_message_size(self) -> int:
        """Most bytes of a WebSocket message that any route takes. Servers that can be told read no more."""
        return self.declarations.max_message_size

    @property
    def needs_asgi(self) -> str | None:
        """The path of a WebSocket that speaks a subprotocol, which Granian cannot say over RSGI; None where there is none."""
        return next((socket.pattern.path for socket in self.declarations.all_sockets() if socket.subprotocols), None)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Be started while inside, without a server: for commands, scripts and shells."""
        return self._lifespan.running()

    # What servers call ------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI server."""
        if scope["type"] == "lifespan":
            await answer_lifespan(self, self._lifespan, scope, receive, send)
        else:
            await self._answer_asgi(scope, receive, send)

    def __rsgi__(self, scope: Any, proto: Any) -> Awaitable[None]:
        return self._answer_rsgi(scope, proto)

    @property
    def rsgi_entry(self) -> Callable[[Any, Any], Awaitable[None]]:
        """The function behind `__rsgi__` at this moment."""
        return self._answer_rsgi

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.prepare()
        self.refuse_unsafe()
        loop.run_until_complete(self._start_rsgi())

    async def _start_rsgi(self) -> None:
        await self._lifespan.start()
        self._compile_rsgi()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._lifespan.stop())

    def prepare(self) -> None:
        """Bind and compile everything now, and report every mistake. Servers call it before the first request."""
        set_thread_limit(self.settings.threads)
        _ = self.declarations

    def problems(self) -> "list[Problem]":
        """What is unsafe in production: in settings, middleware, batteries and routes. `trine check` prints it."""
        from trine.settings import find_problems

        answering = [bound.call.function for bound in self.declarations.routes]
        parts = [*self._middleware, *self._batteries, *answering]
        return find_problems(self.settings, debug=bool(self._debug), parts=parts, checks=self._checks)

    def refuse_unsafe(self) -> None:
        """Raise `SetupError` where production would start with unsafe settings; in development, warn. Servers call it."""
        if not self._is_checked:
            from trine.settings import refuse_problems

            refuse_problems(self.settings, self.problems())
            self._is_checked = True

    def allow_tests(self) -> None:
        """Start whatever the settings are, what is mounted included: for clients that call without a network."""
        self._is_checked = True
        for entry, _ in self.walk():
            mounted = getattr(entry, "app", None) or getattr(entry, "target", None)
            getattr(mounted, "allow_tests", _nothing)()

    def drain(self) -> None:
        """Ask every client to leave: from now on, each answer closes its connection. A server calls it before it stops."""
        self._answer_asgi = closing_asgi(self._answer_asgi)
        self._answer_rsgi = closing_rsgi(self._answer_rsgi)

    def compile_asgi(self) -> None:
        """Compile every route for ASGI, on the loop that serves it: before the first request, or at it."""
        from trine.binding.build import build_asgi

        self.prepare()
        self._deadlines.start(asyncio.get_running_loop())
        self._answer_asgi = build_asgi(self)

    def _compile_rsgi(self) -> None:
        from trine.binding.build import build_rsgi

        self.prepare()
        self._deadlines.start(asyncio.get_event_loop())
        self._answer_rsgi = build_rsgi(self)

    def _first_asgi(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        self.compile_asgi()
        return self._answer_asgi(scope, receive, send)

    def _first_rsgi(self, scope: Any, proto: Any) -> Awaitable[None]:
        self._compile_rsgi()
        return self._answer_rsgi(scope, proto)


class Overrides(dict[Callable[..., Any], Callable[..., Any]]):
    """Dependencies replaced by others. A change binds the application anew, so that requests need not look."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: Callable[..., Any], value: Callable[..., Any]) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Callable[..., Any]) -> None:
        super().__delitem__(key)
        self._changed()

    def clear(self) -> None:
        """Use every dependency as declared again."""
        super().clear()
        self._changed()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Replace several dependencies."""
        super().update(*args, **kwargs)
        self._changed()

    def pop(self, key: Callable[..., Any], *default: Any) -> Any:
        """Use one dependency as declared again."""
        value = super().pop(key, *default)
        self._changed()
        return value


def _nothing() -> None:
    """Stand in for what an application of another make does not have."""


def _from_function(function: Callable[..., Any]) -> Middleware:
    def with_function(handler: Any) -> Any:
        async def call_function(request: Any) -> Any:
            return await function(request, handler)

        return call_function

    return with_function


def _elsewhere(app: App, name: str) -> AttributeError:
    from trine.familiar import attribute_elsewhere

    return AttributeError(f"{type(app).__name__} has no '{name}'. {attribute_elsewhere(name)}".rstrip(), name=name, obj=app)
