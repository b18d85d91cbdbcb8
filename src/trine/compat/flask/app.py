"""The application: a WSGI callable that finds the view for a request and makes a response of what it returns."""

import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from inspect import iscoroutinefunction
from itertools import chain
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from jinja2 import BaseLoader
from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import BuildError, Map, MapAdapter, RequestRedirect, RoutingException, Rule
from werkzeug.utils import redirect as _redirect
from werkzeug.wrappers import Response as BaseResponse

from . import answers, cli, urls
from .config import Config, ConfigAttribute
from .ctx import AppContext, RequestContext, _AppCtxGlobals
from .defaults import DEFAULTS
from .globals import _cv_app, _cv_request, g, request, session
from .helpers import find_package, get_debug_flag, get_flashed_messages
from .json.provider import DefaultJSONProvider, JSONProvider
from .logging import create_logger
from .registrar import Registrar, endpoint_of
from .sessions import SecureCookieSessionInterface, SessionInterface
from .signals import appcontext_tearing_down, got_request_exception, request_finished, request_started, request_tearing_down
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


class Flask(Registrar):
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

    # The way of a request.

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI server. Middleware belongs around `wsgi_app`, so that the application stays itself."""
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request. Whatever happens, the context is left at the end."""
        context = self.request_context(environ)
        failure: BaseException | None = None
        try:
            try:
                context.push()
                response = self.full_dispatch_request()
            except Exception as error:
                failure = error
                if not context.is_entered:
                    raise
                response = self.handle_exception(error)
            return response(environ, start_response)
        except BaseException as error:
            failure = error
            raise
        finally:
            if context.is_entered:
                keep = environ.get("werkzeug.debug.preserve_context")
                if keep is not None:
                    keep(_cv_app.get())
                    keep(_cv_request.get())
                context.pop(None if failure is not None and self.should_ignore_error(failure) else failure)

    def full_dispatch_request(self) -> Response:
        """Run the hooks and the view, and answer what they raise."""
        self._got_first_request = True
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            value = self.preprocess_request()
            if value is None:
                value = self.dispatch_request()
        except Exception as error:  # noqa: BLE001 - handlers decide what it is
            value = self.handle_user_exception(error)
        return self.finalize_request(value)

    def preprocess_request(self) -> Any:
        """Run the functions before the view: those of the application first. What one returns is the answer."""
        answered = _cv_request.get().request
        names = (None, *reversed(answered.blueprints))
        if self.url_value_preprocessors:
            for function in _in_order(self.url_value_preprocessors, names):
                function(answered.endpoint, answered.view_args)
        if self.before_request_funcs:
            for function in _in_order(self.before_request_funcs, names):
                value = self.ensure_sync(function)()
                if value is not None:
                    return value
        return None

    def dispatch_request(self) -> Any:
        """Call the view."""
        answered = _cv_request.get().request
        rule = answered.url_rule
        if answered.routing_exception is not None or rule is None:
            self.raise_routing_exception(answered)
        if answered.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]
        return self.ensure_sync(view)(**answered.view_args or {})

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise why no rule matched. While debugging, a redirect that would lose a form's data is an error."""
        error = request.routing_exception
        if error is None:
            raise RuntimeError("The request was not matched: RequestContext.push() does it.")
        loses_form = isinstance(error, RequestRedirect) and error.code not in (307, 308)
        if loses_form and self.debug and request.method not in ("GET", "HEAD", "OPTIONS"):
            from .debughelpers import FormDataRoutingRedirect

            raise FormDataRoutingRedirect(request)
        raise error

    def make_default_options_response(self) -> Response:
        """Answer OPTIONS with the methods that the path takes."""
        response = self.response_class()
        adapter = _cv_request.get().url_adapter
        if adapter is not None:
            response.allow.update(adapter.allowed_methods())
        return response

    def make_response(self, rv: Any) -> Response:
        """Make a response of what a view returned."""
        return answers.make_response(self, rv)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """Make a response of what was returned, and run the functions after the view."""
        response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("The answer to an error could not be finished: a function after the request failed.")
        return response

    def process_response(self, response: Response) -> Response:
        """Run the functions after the view, the innermost blueprint's first, then store the session."""
        context = _cv_request.get()
        for function in context._after_request_functions:  # noqa: SLF001 - of this room
            response = self.ensure_sync(function)(response)
        if self.after_request_funcs:
            for name in (*context.request.blueprints, None):
                for function in reversed(self.after_request_funcs.get(name, ())):
                    response = self.ensure_sync(function)(response)
        if context.has_session:
            stored = context._session  # noqa: SLF001 - of this room; looking at it here is not the view's doing
            if not self.session_interface.is_null_session(stored):
                self.session_interface.save_session(self, stored, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Run the functions at the end of a request."""
        error = sys.exc_info()[1] if exc is _NOT_SAID else exc
        if self.teardown_request_funcs:
            for name in (*_cv_request.get().request.blueprints, None):
                for function in reversed(self.teardown_request_funcs.get(name, ())):
                    self.ensure_sync(function)(error)
        if request_tearing_down.receivers:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error)

    def do_teardown_appcontext(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Run the functions at the end of an application context."""
        error = sys.exc_info()[1] if exc is _NOT_SAID else exc
        for function in reversed(self.teardown_appcontext_funcs):
            self.ensure_sync(function)(error)
        if appcontext_tearing_down.receivers:
            appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error)

    # Errors.

    def handle_user_exception(self, e: Exception) -> Any:
        """Answer what a view raised, by its handler. Raises it again where there is none."""
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e, _cv_request.get().request.blueprints)
        if handler is None:
            raise e
        return self.ensure_sync(handler)(e)

    def handle_http_exception(self, e: HTTPException) -> Any:
        """Answer an HTTP error, by its handler, else as it says itself."""
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, _cv_request.get().request.blueprints)
        return e if handler is None else self.ensure_sync(handler)(e)

    def handle_exception(self, e: Exception) -> Response:
        """Answer an exception that no handler took: 500, and its traceback in the log. Raises it while testing or debugging."""
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate or (propagate is None and (self.testing or self.debug)):
            raise e
        self.log_exception((type(e), e, e.__traceback__))
        answer: Any = InternalServerError(original_exception=e)
        context = _cv_request.get(None)
        handler = self._find_error_handler(answer, [] if context is None else context.request.blueprints)
        if handler is not None:
            answer = self.ensure_sync(handler)(answer)
        return self.finalize_request(answer, from_error_handler=True)

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP error is treated like any other exception, so that it can be seen."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None:
            return self.debug and isinstance(e, BadRequestKeyError)
        return bool(trap) and isinstance(e, BadRequest)

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """Log an exception that no handler took."""
        answered = _cv_request.get().request
        self.logger.error("Exception on %s [%s]", answered.path, answered.method, exc_info=exc_info)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether the functions at the end of a request are not told of an exception."""
        return False

    def _find_error_handler(self, error: Exception, blueprints: list[str]) -> Callable[..., Any] | None:
        """The handler of the nearest class: those for the status first, and a blueprint's before the application's."""
        code = error.code if isinstance(error, HTTPException) else None
        for status in (None,) if code is None else (code, None):
            for name in (*blueprints, None):
                handlers = self.error_handler_spec[name][status] if name in self.error_handler_spec else None
                for kind in type(error).__mro__ if handlers else ():
                    if kind in handlers:  # type: ignore[operator] # the loop is empty where there are none
                        return handlers[kind]  # type: ignore[index] # as above
        return None

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
            for function in _in_order(self.url_default_functions, names):
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
        for processor in _in_order(self.template_context_processors, names):
            context.update(self.ensure_sync(processor)())
        context.update(given)

    # Async functions.

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function that can be called here, whether it is `async` or not."""
        return self.async_to_sync(func) if iscoroutinefunction(func) else func

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """A plain function that runs an `async` one: on the server's loop under Trine, on a loop of its own elsewhere."""
        from .asynchronous import run_here

        def waited_for(*args: Any, **kwargs: Any) -> Any:
            return run_here(func, *args, **kwargs)

        return waited_for

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


def _in_order(hooks: dict[str | None, list[F]], names: Iterable[str | None]) -> Iterator[F]:
    return chain.from_iterable(hooks[name] for name in names if name in hooks)


def _registering(add: Callable[[Any], None]) -> Callable[[F], F]:
    def register(function: F) -> F:
        add(function)
        return function

    return register
