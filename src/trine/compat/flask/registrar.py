"""What applications and blueprints have in common: routes, hooks, error handlers, templates and static files."""

import os
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

from jinja2 import BaseLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException, default_exceptions

from .cli import AppGroup
from .globals import current_app
from .helpers import get_root_path, send_from_directory
from .wrappers import Response

F = TypeVar("F", bound=Callable[..., Any])
Hooks = dict[str | None, list[Callable[..., Any]]]
"""Functions by the blueprint that they are for; None stands for all."""
ErrorHandlers = dict[str | None, dict[int | None, dict[type[Exception], Callable[..., Any]]]]
"""Functions by blueprint, status and class of exception."""


class Registrar:
    """Takes routes and hooks down. An application uses them, a blueprint hands them on."""

    cli: AppGroup
    """Commands for the `flask` command line."""
    static_folder_given: str | os.PathLike[str] | None
    template_folder: str | os.PathLike[str] | None
    """Folder of the templates, below `root_path`."""

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self.import_name = import_name
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.cli = AppGroup()
        self.view_functions: dict[str, Callable[..., Any]] = {}
        self.error_handler_spec: ErrorHandlers = defaultdict(lambda: defaultdict(dict))
        self.before_request_funcs: Hooks = defaultdict(list)
        self.after_request_funcs: Hooks = defaultdict(list)
        self.teardown_request_funcs: Hooks = defaultdict(list)
        self.template_context_processors: Hooks = defaultdict(list)
        self.url_value_preprocessors: Hooks = defaultdict(list)
        self.url_default_functions: Hooks = defaultdict(list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'name', self.import_name)!r}>"

    def _check_setup_finished(self, name: str) -> None:
        """Refuse what would come too late: subclasses know when that is."""
        raise NotImplementedError

    # Static files and templates.

    @property
    def static_folder(self) -> str | None:
        """The folder of the static files; None where there are none."""
        folder = self.static_folder_given
        return None if folder is None else os.path.join(self.root_path, folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self.static_folder_given = None if value is None else os.fspath(value).rstrip("/\\")

    @property
    def has_static_folder(self) -> bool:
        """Whether there are static files."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """Where static files are served; the name of their folder where nothing was said."""
        if self._static_url_path is not None:
            return self._static_url_path
        folder = self.static_folder
        return None if folder is None else f"/{os.path.basename(folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How long browsers may keep a file, in seconds: `SEND_FILE_MAX_AGE_DEFAULT`. None: they ask each time."""
        value = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        return value if value is None or isinstance(value, int) else int(value.total_seconds())

    def send_static_file(self, filename: str) -> Response:
        """Answer with a static file."""
        if self.static_folder is None:
            raise RuntimeError(f"{self!r} has no static files: 'static_folder' must be set to serve them.")
        return send_from_directory(self.static_folder, filename, max_age=self.get_send_file_max_age(filename))

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """Where templates are looked for."""
        return None if self.template_folder is None else FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = None) -> IO[Any]:
        """Open a file below the root path, for reading."""
        if mode not in ("r", "rt", "rb"):
            raise ValueError(f"Resources can only be opened for reading, and mode is {mode!r}.")
        return open(Path(self.root_path, resource), mode, encoding=None if mode == "rb" else encoding)

    # Routes.

    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer a path: `@app.route("/notes/<int:id>", methods=["GET", "POST"])`."""

        def register(function: F) -> F:
            self.add_url_rule(rule, options.pop("endpoint", None), function, **options)
            return function

        return register

    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer GET requests for a path."""
        return self._method_route("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer POST requests for a path."""
        return self._method_route("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer PUT requests for a path."""
        return self._method_route("PUT", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer DELETE requests for a path."""
        return self._method_route("DELETE", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Answer PATCH requests for a path."""
        return self._method_route("PATCH", rule, options)

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        if "methods" in options:
            raise TypeError(f"{method.lower()}() says its method itself: for methods= there is route().")
        return self.route(rule, methods=[method], **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Answer a path with a view: what `route` does, as a call."""
        raise NotImplementedError

    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Name the view of a rule that was added without one."""

        def register(function: F) -> F:
            self._check_setup_finished("endpoint")
            self.view_functions[endpoint] = function
            return function

        return register

    # Hooks.

    def before_request(self, f: F) -> F:
        """Call a function before each request. What it returns, unless None, is the answer."""
        return self._hook("before_request", self.before_request_funcs, f)

    def after_request(self, f: F) -> F:
        """Call a function with each answer. It gives the answer back, or another one."""
        return self._hook("after_request", self.after_request_funcs, f)

    def teardown_request(self, f: F) -> F:
        """Call a function at the end of each request, with the exception that ended it or None."""
        return self._hook("teardown_request", self.teardown_request_funcs, f)

    def context_processor(self, f: F) -> F:
        """Add what a function returns, a dict, to the values of every template."""
        return self._hook("context_processor", self.template_context_processors, f)

    def url_value_preprocessor(self, f: F) -> F:
        """Call a function with the endpoint and the variable parts of the path, which it may change, before the view."""
        return self._hook("url_value_preprocessor", self.url_value_preprocessors, f)

    def url_defaults(self, f: F) -> F:
        """Call a function with the endpoint and values of each URL that is built; it may add values."""
        return self._hook("url_defaults", self.url_default_functions, f)

    def _hook(self, name: str, hooks: Hooks, function: F) -> F:
        self._check_setup_finished(name)
        hooks.setdefault(None, []).append(function)
        return function

    # Errors.

    def errorhandler(self, code_or_exception: type[Exception] | int) -> Callable[[F], F]:
        """Answer an exception, or a status, with a function: `@app.errorhandler(404)`."""

        def register(function: F) -> F:
            self.register_error_handler(code_or_exception, function)
            return function

        return register

    def register_error_handler(self, code_or_exception: type[Exception] | int, f: Callable[..., Any]) -> None:
        """Answer an exception, or a status, with a function: what `errorhandler` does, as a call."""
        self._check_setup_finished("register_error_handler")
        kind, code = _class_and_code(code_or_exception)
        self.error_handler_spec[None][code][kind] = f


def _class_and_code(given: Any) -> tuple[type[Exception], int | None]:
    """The class of exceptions that is meant, and its status."""
    if isinstance(given, int):
        if given not in default_exceptions:
            raise ValueError(f"{given} is no status of an error that is known. Use a subclass of HTTPException with that code.")
        given = default_exceptions[given]
    if not isinstance(given, type):
        raise TypeError(f"{given!r} is an instance, not a class. Handlers answer exception classes or statuses.")
    if not issubclass(given, Exception):
        raise ValueError(  # noqa: TRY004 - as in Flask
            f"'{given.__name__}' is not a subclass of Exception. Handlers answer exception classes or statuses."
        )
    return given, given.code if issubclass(given, HTTPException) else None


def endpoint_of(view_func: Callable[..., Any] | None) -> str:
    """The name of a view where none was given: that of its function."""
    if view_func is None:
        raise AssertionError("A rule without an endpoint needs a view function to take its name from.")
    return view_func.__name__
