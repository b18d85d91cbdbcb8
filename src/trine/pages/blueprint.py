"""A part of a site: pages with a prefix, templates, files and hooks of their own."""

import sys
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from trine.errors import SetupError
from trine.http import Handler
from trine.routing import APIRouter, folder_of, origin_of
from trine.types import Decorator, F

from .hooks import ErrorKey, Hooks


class BlueprintScope:
    """Marks the routes of a blueprint, outermost first: as middleware it adds nothing."""

    adds_nothing = True

    def __init__(self, blueprint: "Blueprint") -> None:
        self.blueprint = blueprint

    def __call__(self, handler: Handler) -> Handler:
        """Leave the handler as it is."""
        return handler


class Blueprint(APIRouter):
    """A part of a site, to be registered by an application or another blueprint, once or several times.

    Its pages are named after it: `url_for("blog.index")`, among themselves `url_for(".index")`. Its hooks are called for its own
    pages, those with `app` in their name for every page. `import_name` is `__name__`: folders lie beside that module.
    """

    def __init__(
        self,
        name: str,
        import_name: str | None = None,
        *,
        url_prefix: str = "",
        static_folder: str | PathLike[str] | None = None,
        static_url_path: str = "/static",
        template_folder: str | PathLike[str] | None = None,
        root_path: str | PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        if not name or "." in name:
            raise SetupError(f"A blueprint is called '{name}'.", hint="Use a name without dots, which join names.")
        super().__init__(prefix=url_prefix.rstrip("/"), **options)
        self.name = name
        module = sys.modules.get(import_name) if import_name else None
        found = origin_of(self) if module is None else folder_of(getattr(module, "__file__", None))
        self.origin = Path(root_path) if root_path is not None else found
        self.static_folder = None if static_folder is None else self.origin / static_folder
        self.static_url_path = static_url_path
        self.template_folder = None if template_folder is None else self.origin / template_folder
        self.hooks = Hooks(self.changed)
        self.app_hooks = Hooks(self.changed)
        self.template_filters: dict[str, Any] = {}
        self.template_tests: dict[str, Any] = {}
        self.template_globals: dict[str, Any] = {}
        self.take_name(name)

    def register_blueprint(self, blueprint: "Blueprint", **options: Any) -> None:
        """Take another blueprint in, below this one's prefix and name."""
        self.include_router(blueprint.registered(**options))

    def registered(self, *, url_prefix: str | None = None, name: str | None = None) -> "Blueprint":
        """The blueprint as it was registered: the same declarations, with another prefix or name."""
        if url_prefix is None and name is None:
            return self
        other = copy(self)
        if url_prefix is not None:
            other.layer = replace(other.layer, prefix=url_prefix.rstrip("/"))
        if name is not None:
            other.name = name
        other.take_name(other.name)
        return other

    def route(self, path: str, *, methods: Sequence[str] = ("GET",), **options: Any) -> Decorator:
        """Answer browsers: the word of Flask for `page`."""
        return self.page(path, methods=methods, **options)

    # Hooks: of the blueprint's own pages, then of every page ------------------------------------------------------

    def before_request(self, function: F) -> F:
        """Call a function before each page of the blueprint. What it returns, other than None, is the answer."""
        return self.hooks.before_request(function)

    def after_request(self, function: F) -> F:
        """Call a function with the answer of each page of the blueprint; it gives the answer back, or another one."""
        return self.hooks.after_request(function)

    def teardown_request(self, function: F) -> F:
        """Call a function with the exception, or None, once the answer of one of the blueprint's pages was sent."""
        return self.hooks.teardown_request(function)

    def context_processor(self, function: F) -> F:
        """Give the templates of the blueprint's pages the dictionary that a function returns."""
        return self.hooks.context_processor(function)

    def url_value_preprocessor(self, function: F) -> F:
        """Call a function with endpoint and values of the path, before each page of the blueprint; it may take values out."""
        return self.hooks.url_value_preprocessor(function)

    def url_defaults(self, function: F) -> F:
        """Let a function add values to `url_for` for the blueprint's pages: it gets the endpoint and the values."""
        return self.hooks.url_defaults(function)

    def errorhandler(self, key: ErrorKey) -> Decorator:
        """Answer an exception class, or a status, in the blueprint's pages with a function of the exception."""
        return self.hooks.errorhandler(key)

    def before_app_request(self, function: F) -> F:
        """Call a function before every page of the application."""
        return self.app_hooks.before_request(function)

    def after_app_request(self, function: F) -> F:
        """Call a function with the answer of every page of the application."""
        return self.app_hooks.after_request(function)

    def teardown_app_request(self, function: F) -> F:
        """Call a function once the answer of any page of the application was sent."""
        return self.app_hooks.teardown_request(function)

    def app_context_processor(self, function: F) -> F:
        """Give every template of the application the dictionary that a function returns."""
        return self.app_hooks.context_processor(function)

    def app_url_value_preprocessor(self, function: F) -> F:
        """Call a function with endpoint and values of the path, before every page of the application."""
        return self.app_hooks.url_value_preprocessor(function)

    def app_url_defaults(self, function: F) -> F:
        """Let a function add values to `url_for` for every page of the application."""
        return self.app_hooks.url_defaults(function)

    def app_errorhandler(self, key: ErrorKey) -> Decorator:
        """Answer an exception class, or a status, everywhere with a function of the exception."""
        return self.app_hooks.errorhandler(key)

    # What it adds to every template of the application -----------------------------------------------------------

    def app_template_filter(self, name: str | None = None) -> Decorator:
        """Make a function a filter of templates."""
        return self._adder(self.template_filters, name)

    def app_template_test(self, name: str | None = None) -> Decorator:
        """Make a function a test of templates."""
        return self._adder(self.template_tests, name)

    def app_template_global(self, name: str | None = None) -> Decorator:
        """Let templates call a function."""
        return self._adder(self.template_globals, name)

    def _adder(self, known: dict[str, Any], name: str | None) -> Decorator:
        def register(function: Any) -> Any:
            known[name or function.__name__] = function
            self.changed()
            return function

        return register

    def take_name(self, name: str) -> None:
        """Put a name before those of the routes."""
        others = tuple(one for one in self.layer.middleware if not isinstance(one, BlueprintScope))
        self.layer = replace(self.layer, name_prefix=f"{name}.", middleware=(BlueprintScope(self), *others))
