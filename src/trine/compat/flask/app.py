"""The application: a WSGI callable that finds the view for a request and makes a response of what it returns."""

import os
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeVar

from jinja2 import BaseLoader
from werkzeug.exceptions import Aborter
from werkzeug.routing import BuildError, Map, MapAdapter, Rule
from werkzeug.utils import redirect as _redirect
from werkzeug.wrappers import Response as BaseResponse

from . import cli, urls
from .config import Config, ConfigAttribute
from .ctx import AppContext, RequestContext, _AppCtxGlobals
from .defaults import DEFAULTS
from .dispatch import Dispatcher, in_order
from .globals import _cv_app, _cv_request, g, request, session
from .helpers import find_package, get_debug_flag, get_flashed_messages
from .json.provider import DefaultJSONProvider, JSONProvider
from .logging import create_logger
from .registrar import endpoint_of
from .sessions import SecureCookieSessionInterface, SessionInterface
from .templating import DispatchingJinjaLoader, Environment, _default_template_ctx_processor
from .wrappers import Request, Response, blueprint_path

if TYPE_CHECKING:
    import logging

    from trine import App

    from .blueprints import Blueprint
    from .testing import FlaskClient, FlaskCliRunner

F = TypeVar("F", bound=Callable[..., Any])
_NOT_SAID: Any = object()


def _as_timedelta(value: timedelta | int) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


class Flask(Dispatcher):
    """A Flask application. `import_name`, mostly `__name__`, says where its templates and static files are."""

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    aborter_class: type[Aborter] = Aborter
    jinja_environment: type[Environment] = Environment
    app_ctx_globals_class: type[_AppCtxGlobals] = _AppCtxGlobals
    config_class: type[Config] = Config
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    url_rule_class: type[Rule] = Rule
    url_map_class: type[Map] = Map
    test_client_class: "type[FlaskClient] | None" = None
    test_cli_runner_class: "type[FlaskCliRunner] | None" = None
    session_interface: SessionInterface = SecureCookieSessionInterface()
    jinja_options: ClassVar[dict[str, Any]] = {}
    default_config: ClassVar[dict[str, Any]] = DEFAULTS

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta]("PERMANENT_SESSION_LIFETIME", get_converter=_as_timedelta)

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError(f"instance_path must be absolute, and {instance_path!r} is relative.")
        self.instance_path = instance_path
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self.blueprints: dict[str, Blueprint] = {}
        self.extensions: dict[str, Any] = {}
        self.teardown_appcontext_funcs: list[Callable[..., Any]] = []
        self.shell_context_processors: list[Callable[[], dict[str, Any]]] = []
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str]] = []
        self.template_context_processors[None] = [_default_template_ctx_processor]
        self.cli.name = self.name
        self._got_first_request = False
        if self.has_static_folder:
            self._serve_static(static_host, host_matching)
        elif static_host is not None and not host_matching:
            raise AssertionError("static_host is for host_matching=True.")

    def _serve_static(self, host: str | None, host_matching: bool) -> None:
        if bool(host) != host_matching:
            raise AssertionError("Static files need static_host exactly where there is host_matching=True.")

        # The application of the request, rather than this one: otherwise each would keep the other alive.
        def static(filename: str) -> Response:
            return _cv_app.get().app.send_static_file(filename)

        self.add_url_rule(f"{self.static_url_path}/<path:filename>", "static", static, host=host)

    # What it is made of; a subclass may choose otherwise.

    @cached_property
    def name(self) -> str:
        """The name in logs and on the command line: that of the module, or of the program's file."""
        if self.import_name != "__main__":
            return self.import_name
        file = getattr(sys.modules["__main__"], "__file__", None)
        return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> "logging.Logger":
        """A logger with the application's name."""
        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """Jinja's environment, made when it is first wanted."""
        return self.create_jinja_environment()

    @property
    def debug(self) -> bool:
        """Whether errors are shown, and templates loaded anew."""
        return self.config["DEBUG"]  # type: ignore[no-any-return] # as configured

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in vars(self):
            self.jinja_env.auto_reload = value

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the configuration; its files lie below the root path, or below the instance path."""
        defaults = {**self.default_config, "DEBUG": get_debug_flag()}
        return self.config_class(self.instance_path if instance_relative else self.root_path, defaults)

    def make_aborter(self) -> Aborter:
        """Make what `abort` calls: it knows an exception for each status."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """The folder for what belongs to this installation: `instance` beside the program, `var` where that is installed."""
        prefix, path = find_package(self.import_name)
        if prefix is None:
            return os.path.join(path, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file below the instance path."""
        return open(os.path.join(self.instance_path, resource), mode, encoding=None if "b" in mode else encoding)

    def create_jinja_environment(self) -> Environment:
        """Make Jinja's environment."""
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        reload = self.config["TEMPLATES_AUTO_RELOAD"]
        options.setdefault("auto_reload", self.debug if reload is None else reload)
        environment = self.jinja_environment(self, **options)
        environment.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            request=request,
            session=session,
            g=g,
        )
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def create_global_jinja_loader(self) -> BaseLoader:
        """Make the loader of the application and its blueprints."""
        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether values are escaped in a template: those of HTML, XML and SVG, and those without a file."""
        return filename is None or filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    def _check_setup_finished(self, name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method '{name}' can no longer be called on the application. It has already handled its first request,"
                " so not all requests would see the change. Do it while the program is loaded."
            )

    # Declarations.

    def register_blueprint(self, blueprint: "Blueprint", **options: Any) -> None:
        """Add the routes and hooks of a blueprint. `url_prefix`, `subdomain`, `url_defaults` and `name` win over its own."""
        self._check_setup_finished("register_blueprint")
        blueprint.register(self, options)

    def iter_blueprints(self) -> "Iterable[Blueprint]":
        """The blueprints, in the order of their registration."""
        return self.blueprints.values()

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Answer a path with a view: what `route` does, as a call."""
        self._check_setup_finished("add_url_rule")
        endpoint = endpoint_of(view_func) if endpoint is None else endpoint
        methods = options.pop("methods", None) or getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(f"methods is {methods!r}, and must be a list of strings: methods=['GET', 'POST'].")
        allowed = {method.upper() for method in methods}
        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = "OPTIONS" not in allowed and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
        required = {"OPTIONS"} if provide_automatic_options else set()
        required |= set(getattr(view_func, "required_methods", ()))

        if view_func is not None:
            known = self.view_functions.setdefault(endpoint, view_func)
            # Bound methods are made anew each time they are asked for: they are equal, and not identical.
            if known != view_func:
                raise AssertionError(
                    f"The endpoint '{endpoint}' has two view functions, {known!r} and {view_func!r}. Give one another name."
                )
        added = self.url_rule_class(rule, endpoint=endpoint, methods=allowed | required, **options)
        added.provide_automatic_options = provide_automatic_options  # type: ignore[attr-defined] # read when it matches
        self.url_map.add(added)

    def template_filter(self, name: str | None = None) -> Callable[[F], F]:
        """Make a function a filter of templates."""
        return _registering(lambda function: self.add_template_filter(function, name))

    def add_template_filter(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Make a function a filter of templates: what `template_filter` does, as a call."""
        self._check_setup_finished("add_template_filter")
        self.jinja_env.filters[name or f.__name__] = f

    def template_test(self, name: str | None = None) -> Callable[[F], F]:
        """Make a function a test of templates: `{% if x is name %}`."""
        return _registering(lambda function: self.add_template_test(function, name))

    def add_template_test(self, f: Callable[..., bool], name: str | None = None) -> None:
        """Make a function a test of templates: what `template_test` does, as a call."""
        self._check_setup_finished("add_template_test")
        self.jinja_env.tests[name or f.__name__] = f

    def template_global(self, name: str | None = None) -> Callable[[F], F]:
        """Let templates call a function."""
        return _registering(lambda function: self.add_template_global(function, name))

    def add_template_global(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Let templates call a function: what `template_global` does, as a call."""
        self._check_setup_finished("add_template_global")
        self.jinja_env.globals[name or f.__name__] = f

    def teardown_appcontext(self, f: F) -> F:
        """Call a function when an application context ends, with the exception that ended it or None."""
        self._check_setup_finished("teardown_appcontext")
        self.teardown_appcontext_funcs.append(f)
        return f

    def shell_context_processor(self, f: F) -> F:
        """Add what a function returns, a dict, to the names of `flask shell`."""
        self._check_setup_finished("shell_context_processor")
        self.shell_context_processors.append(f)
        return f

    def make_shell_context(self) -> dict[str, Any]:
        """The names of `flask shell`."""
        names: dict[str, Any] = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    # Contexts, URLs, templates.

    def app_context(self) -> AppContext:
        """A context for work outside of requests: `with app.app_context(): ...`."""
        return AppContext(self)

    def request_context(self, environ: dict[str, Any]) -> RequestContext:
        """The context of a WSGI request."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """The context of a request that is made up, for tests: a path, and what Werkzeug's EnvironBuilder takes."""
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds and builds URLs for a request; without one, for `SERVER_NAME`."""
        return urls.make_adapter(self, request)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """The URL of a view. A leading dot stands for the blueprint that answers now."""
        return urls.build(self, endpoint, values, anchor=_anchor, method=_method, scheme=_scheme, external=_external)

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Let the functions of `url_defaults` add values."""
        if self.url_default_functions:
            blueprint = endpoint.rpartition(".")[0]
            names = (None, *reversed(blueprint_path(blueprint))) if blueprint else (None,)
            for function in in_order(self.url_default_functions, names):
                function(endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
        """Ask the functions of `url_build_error_handlers` for a URL that no rule gives. Raises the error where none has one."""
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as raised:
                error = raised
            else:
                if url is not None:
                    return url
        raise error

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """Send the visitor to another URL."""
        return _redirect(location, code=code, Response=self.response_class)

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors give. What the caller said himself wins."""
        given = context.copy()
        names: tuple[str | None, ...] = (None,)
        answered = _cv_request.get(None)
        if answered is not None:
            names = (None, *reversed(answered.request.blueprints))
        for processor in in_order(self.template_context_processors, names):
            context.update(self.ensure_sync(processor)())
        context.update(given)

    # Servers, development and tests.

    @cached_property
    def trine(self) -> "App":
        """The Trine application around this one, which `trine run` serves: typed routes on it stand beside the views."""
        from .served import serve

        return serve(self)

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve with Werkzeug's development server. For production there is `trine run`, for development `trine dev`."""
        cli.run_application(self, host, port, debug, load_dotenv=load_dotenv, options=options)

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> "FlaskClient":
        """A client that calls the application without a server."""
        from .testing import FlaskClient

        client_class = self.test_client_class or FlaskClient
        return client_class(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> "FlaskCliRunner":
        """A runner for the application's commands."""
        from .testing import FlaskCliRunner

        return (self.test_cli_runner_class or FlaskCliRunner)(self, **kwargs)


def _registering(add: Callable[[Any], None]) -> Callable[[F], F]:
    def register(function: F) -> F:
        add(function)
        return function

    return register
