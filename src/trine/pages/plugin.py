"""The battery: what the pages of an application have in common. It attaches itself where the first page is declared."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from inspect import iscoroutinefunction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trine.errors import ClientDisconnect, HTTPException, RequestValidationError, SetupError, TrineError, UnsafeHeader
from trine.http import Request, Response, TooManyFields
from trine.middleware import SessionKeeper, SessionMiddleware
from trine.routing import APIRouter, FlatRoute, HostRoute, Middleware, PageOptions, host_routers
from trine.routing.router import Inclusion
from trine.security import SameOrigin
from trine.settings import Problem, Settings, check_secret_key

from .answers import Abort, PageResponse, to_response
from .blueprint import Blueprint, BlueprintScope
from .context import current_context, g, request, session
from .csrf import SAFE_METHODS, csrf_field, csrf_token
from .error_pages import broken_answer, elsewhere_answer, error_answer, server_error_answer, validation_answer
from .files import SiteFiles
from .flashing import flash, get_flashed_messages
from .frame import PageFrame, Recover, abort_answer, call
from .hooks import Hooks
from .settings import PagesSettings, SessionSettings
from .signals import got_request_exception
from .urls import UrlDefaults, url_for

if TYPE_CHECKING:
    from trine.app import App

    from .templates import Templates


class Pages:
    """Templates, files, sessions and protection of an application's pages.

    An application that says nothing has one of its own, with the folders `templates` and `static` beside its module; install one
    to say it otherwise: `app.install(Pages(template_folder="views"))`, before anything else of pages.
    """

    def __init__(
        self,
        *,
        template_folder: str | PathLike[str] = "templates",
        static_folder: str | PathLike[str] = "static",
        static_url_path: str = "/static",
        root_path: str | PathLike[str] | None = None,
        sessions: SessionMiddleware | None = None,
        csrf: bool | None = None,
        trusted_origins: Collection[str] | None = None,
    ) -> None:
        if not static_url_path.startswith("/") or static_url_path.endswith("/"):
            raise SetupError(f"Pages has static_url_path='{static_url_path}'.", hint="Write it as '/static'.")
        self.hooks = Hooks(self._changed)
        self.files = SiteFiles(self)
        self.static_url_path = static_url_path
        self._said = (root_path, template_folder, static_folder)
        self._sessions = sessions
        self._csrf = csrf
        self._trusted_origins = trusted_origins
        self._app: App | None = None
        self._url_defaults: tuple[Any, dict[str, UrlDefaults]] = (None, {})

    def setup(self, app: "App") -> None:
        """Attach to an application."""
        if "pages" in app.extensions:
            raise SetupError("Pages is installed twice, or after something that needs it.", hint="Install it first, and once.")
        self._app = app
        app.extensions["pages"] = self

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Ask for a secret key, and for protection against other sites."""
        problems = [problem for problem in self.sessions.check(settings) if problem.name != "no-secret-key"]
        if self.sessions.store is None and not self.sessions.secret_key and self._uses_sessions():
            problems += check_secret_key(settings, "The session of pages")
        if not self.csrf:
            message = "Pages take what other sites' pages send: their CSRF protection is off."
            problems.append(Problem("csrf-off", message, "Remove TRINE_PAGES_CSRF, or csrf=False of Pages."))
        return problems

    @property
    def app(self) -> "App":
        """The application."""
        if self._app is None:
            raise SetupError("Pages is not installed.", hint="Write: app.install(Pages())")
        return self._app

    # Where things are ---------------------------------------------------------------------------------------------

    @property
    def origin(self) -> Path:
        """The folder that others are relative to: that of the application's module."""
        return Path(self._said[0]) if self._said[0] is not None else self.app.origin

    @property
    def template_folder(self) -> Path:
        """Where the application's templates are."""
        return self.origin / self._said[1]

    @property
    def static_folder(self) -> Path:
        """Where the application's files are."""
        return self.origin / self._said[2]

    @property
    def static_root(self) -> Path:
        """Where collected files are."""
        return self.origin / self.settings.static_root

    @property
    def settings(self) -> PagesSettings:
        """What the environment says."""
        return self.app.settings.part(PagesSettings)

    @property
    def csrf(self) -> bool:
        """Whether what changes something must carry the visitor's token."""
        return self.settings.csrf if self._csrf is None else self._csrf

    @cached_property
    def same_origin(self) -> SameOrigin:
        """Who may send forms: pages of this site, and of trusted ones."""
        return SameOrigin(self.settings.trusted_origins if self._trusted_origins is None else self._trusted_origins)

    @cached_property
    def sessions(self) -> SessionMiddleware:
        """How sessions are kept, where no `SessionMiddleware` is installed that says it for everybody."""
        if self._sessions is not None:
            return self._sessions
        said = self.app.settings.part(SessionSettings)
        from .stores import store_at

        return SessionMiddleware(
            store=store_at(said),
            cookie=said.cookie,
            max_age=said.max_age,
            permanent=said.permanent,
            same_site=said.same_site,
            domain=said.domain,
        )

    @cached_property
    def keeper(self) -> SessionKeeper:
        """Reads and keeps the sessions of pages."""
        return SessionKeeper(self.sessions, self.app)

    @cached_property
    def templates(self) -> "Templates":
        """The templates. Needs jinja2."""
        from .templates import Templates

        return Templates(self)

    def template_names(self) -> dict[str, Any]:
        """What every template finds, also where it is imported by another one."""
        return {
            "request": request,
            "session": session,
            "g": g,
            "url_for": url_for,
            "static": lambda filename: url_for("static", filename=filename),
            "get_flashed_messages": get_flashed_messages,
            "csrf_token": csrf_token,
            "csrf_field": csrf_field,
        }

    # Blueprints ---------------------------------------------------------------------------------------------------

    def register(self, router: APIRouter, blueprint: APIRouter, **options: Any) -> None:
        """Take a blueprint in."""
        if not isinstance(blueprint, Blueprint):
            raise SetupError(f"register_blueprint() got {type(blueprint).__name__}.", hint="Use include_router() for a router.")
        router.include_router(blueprint.registered(**options))

    def blueprints(self) -> list[Blueprint]:
        """Every blueprint of the application, those inside others too."""
        return [blueprint for _, _, blueprint in self.placed_blueprints()]

    def placed_blueprints(self) -> list[tuple[str, str, Blueprint]]:
        """Every blueprint with its full name and prefix."""
        return list(_walk(self.app, "", ""))

    # Addresses ----------------------------------------------------------------------------------------------------

    def url_defaults(self, endpoint: str) -> UrlDefaults:
        """What is added to the values of `url_for` for an endpoint. Read once for what is declared now."""
        declared = self.app.declarations
        if self._url_defaults[0] is not declared:
            self._url_defaults = (declared, {})
        known = self._url_defaults[1].get(endpoint)
        if known is None:
            around = [one.hooks for name, _, one in self.placed_blueprints() if endpoint.startswith(f"{name}.")]
            hooks = [self.hooks, *(one.app_hooks for one in self.blueprints()), *around]
            takes = declared.names.parameters_of(endpoint)
            given = {name: make for one in self.app.extensions.values() for name, make in getattr(one, "url_values", {}).items()}
            known = UrlDefaults(
                tuple(function for one in hooks for function in one.defaults),
                {name: make for name, make in given.items() if name in takes},
                takes,
            )
            self._url_defaults[1][endpoint] = known
        return known

    # Binding ------------------------------------------------------------------------------------------------------

    def bind(self, flat: FlatRoute, recover: Callable[[Mapping[Any, Any]], Recover]) -> FlatRoute:
        """Make the route of a page of what was declared: with its frame, and errors that people understand."""
        layer = flat.layer
        chain = [one.blueprint for one in layer.middleware if isinstance(one, BlueprintScope)]
        hooks = [self.hooks, *(blueprint.app_hooks for blueprint in self.blueprints()), *(one.hooks for one in chain)]
        known = {**layer.exception_handlers, **_error_answers(hooks)}
        handlers = {
            key: _noted(handler, is_last=key in (500, Exception)) for key, handler in {**self._answers(known), **known}.items()
        }
        blueprints = tuple(".".join(one.name for one in chain[: end + 1]) for end in range(len(chain)))[::-1]
        frame = self._frame(
            hooks,
            flat.name,
            blueprints,
            flat.route.page or {},
            recover(handlers),
            is_async=iscoroutinefunction(flat.route.handler),
            max_body_size=layer.max_body_size,
            form_limits=layer.form_limits,
        )
        response_class = PageResponse if layer.default_response_class is None else layer.default_response_class
        middleware: tuple[Middleware, ...] = (*layer.middleware, frame)
        changed = replace(layer, middleware=middleware, exception_handlers=handlers, default_response_class=response_class)
        return replace(flat, layer=changed)

    def answers_elsewhere(self, recover: Callable[[Mapping[Any, Any]], Recover]) -> dict[Any, Callable[..., Any]]:
        """What answers exceptions where no route was found: a page for browsers. Compiles templates first."""
        if "templates" in vars(self) or self.template_folder.is_dir():
            self._check_templates()
        hooks = [self.hooks, *(blueprint.app_hooks for blueprint in self.blueprints())]
        frame = self._frame(hooks, "", (), {"csrf": False}, recover(self._answers({})), reads_body=False)
        own = {key: _in_frame(handler, frame) for key, handler in _error_answers(hooks).items()}
        return {HTTPException: elsewhere_answer, **self.app.layer.exception_handlers, **own}

    def file_routes(self) -> APIRouter:
        """The routes of the site's files."""
        return self.files.routes()

    def _frame(
        self, hooks: Sequence[Hooks], endpoint: str, names: tuple[str, ...], options: PageOptions, recover: Recover, **rest: Any
    ) -> PageFrame:
        return PageFrame(
            pages=self,
            endpoint=endpoint,
            blueprints=names,
            options=options,
            recover=recover,
            preprocessors=[function for one in hooks for function in one.preprocessors] if endpoint else (),
            before=[function for one in hooks for function in one.before],
            after=[function for one in hooks for function in one.after],
            teardown=[function for one in hooks for function in one.teardown],
            processors=tuple(function for one in hooks for function in one.processors),
            **rest,
        )

    def _uses_sessions(self) -> bool:
        """Whether a page needs a session: it takes forms, or the session is at hand in its module or in a template."""
        routers = (self.app, *host_routers(self.app))
        pages = [flat.route for router in routers for flat in router.flat_routes() if flat.route.page is not None]
        if any(route.methods - SAFE_METHODS and (route.page or {}).get("csrf", self.csrf) for route in pages):
            return True
        hooks = [self.hooks, *(one for blueprint in self.blueprints() for one in (blueprint.hooks, blueprint.app_hooks))]
        functions = [*(route.handler for route in pages), *(function for one in hooks for function in (*one.before, *one.after))]
        names = (session, flash, csrf_token)
        if any(value is name for one in functions for value in getattr(one, "__globals__", {}).values() for name in names):
            return True
        return self.template_folder.is_dir() and self.templates.mention(
            "csrf_token", "csrf_field", "session", "get_flashed_messages"
        )

    def _check_templates(self) -> None:
        self.templates.forget()
        if not self.app.debug:
            self.templates.check()

    def _answers(self, known: Mapping[Any, Any]) -> dict[Any, Callable[..., Any]]:
        found: dict[Any, Callable[..., Any]] = {
            Abort: abort_answer,
            HTTPException: error_answer,
            RequestValidationError: validation_answer,
            **dict.fromkeys((UnsafeHeader, TooManyFields, ClientDisconnect), broken_answer),
        }
        if 500 not in known and Exception not in known:
            found[500] = server_error_answer
        return found

    def _changed(self) -> None:
        if self._app is not None:
            self._app.changed()


def pages_of(app: "App") -> Pages:
    """The pages of an application. One that has none yet gets them."""
    found = app.extensions.get("pages")
    if found is None:
        found = Pages()
        app.install(found)
    return found


def _walk(router: APIRouter, name: str, prefix: str) -> Iterator[tuple[str, str, Blueprint]]:
    for entry in router.entries:
        if isinstance(entry, Inclusion):
            inner, below = entry.router, prefix + entry.layer.prefix + entry.router.layer.prefix
        elif isinstance(entry, HostRoute) and isinstance(entry.target, APIRouter) and not callable(entry.target):
            inner, below = entry.target, entry.target.layer.prefix
        else:
            continue
        full_name = name
        if isinstance(inner, Blueprint):
            full_name = f"{name}.{inner.name}" if name else inner.name
            yield full_name, below, inner
        yield from _walk(inner, full_name, below)


def _error_answers(hooks: Sequence[Hooks]) -> dict[Any, Callable[..., Any]]:
    return {key: _answerer(function) for one in hooks for key, function in one.errors.items()}


def _in_frame(handler: Callable[..., Any], frame: PageFrame) -> Callable[..., Any]:
    """Answer an error where no page is, with everything that pages have around them."""

    async def answer_framed(request: Request, error: Exception) -> Response:
        async def fail(request: Request) -> Response:
            answer: Response = await handler(request, error)
            return answer

        return await frame(fail)(request)

    return answer_framed


def _noted(handler: Callable[..., Any], *, is_last: bool) -> Callable[..., Any]:
    """Let those who clean up after a page know what went wrong. The last handler answers what nobody expected: that is told."""

    async def answer_noted(request: Request, error: Exception) -> Any:
        context = current_context.get()
        if context is not None:
            context.error = error
            if is_last and got_request_exception.receivers and not isinstance(error, TrineError):
                await got_request_exception.send_robust(context.app, exception=error)
        return await call(handler, request, error)

    return answer_noted


def _answerer(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make an exception handler of a function of the exception. A page without a status gets that of the error."""

    async def answer_error(_request: Request, error: Exception) -> Response:
        value = await call(function, error)
        response = to_response(value)
        if not isinstance(value, tuple | Response):
            response.status_code = error.status_code if isinstance(error, HTTPException) else 500
        return response

    return answer_error
