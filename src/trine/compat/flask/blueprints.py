"""Blueprints: routes, hooks, templates and static files that an application takes in, once or several times."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .registrar import Registrar, endpoint_of

if TYPE_CHECKING:
    import os

    from .app import Flask

F = TypeVar("F", bound=Callable[..., Any])
_OWN_NAME: Any = object()
_HOOKS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
)


class BlueprintSetupState:
    """One registration of a blueprint: what it is called there, and where its routes stand."""

    def __init__(self, blueprint: "Blueprint", app: "Flask", options: Any, first_registration: bool) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options: dict[str, Any] = options
        self.first_registration = first_registration
        self.subdomain: str | None = options.get("subdomain") or blueprint.subdomain
        given = options.get("url_prefix")
        self.url_prefix: str | None = blueprint.url_prefix if given is None else given
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, Any] = {**blueprint.url_values_defaults, **options.get("url_defaults", {})}

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Callable[..., Any] | None = None, **options: Any
    ) -> None:
        """Add a rule of the blueprint to the application, below the prefix and with the defaults of this registration."""
        if self.url_prefix is not None:
            rule = f"{self.url_prefix.rstrip('/')}/{rule.lstrip('/')}" if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        endpoint = endpoint_of(view_func) if endpoint is None else endpoint
        defaults = {**self.url_defaults, **(options.pop("defaults", None) or {})}
        name = f"{self.name_prefix}.{self.name}.{endpoint}".lstrip(".")
        self.app.add_url_rule(rule, name, view_func, defaults=defaults, **options)


class Blueprint(Registrar):
    """A part of an application that is declared on its own."""

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: "str | os.PathLike[str] | None" = None,
        static_url_path: str | None = None,
        template_folder: "str | os.PathLike[str] | None" = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _OWN_NAME,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name:
            raise ValueError("A blueprint needs a name, and '' is none.")
        if "." in name:
            raise ValueError(f"The name of a blueprint has no dots, which stand between blueprints: {name!r}.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.url_values_defaults = url_defaults or {}
        self.cli_group = cli_group
        self.deferred_functions: list[Callable[[BlueprintSetupState], None]] = []
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []
        self._got_registered_once = False

    def _check_setup_finished(self, name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method '{name}' can no longer be called on the blueprint '{self.name}'. It has already been"
                " registered at least once, so the application would not see the change. Do it before it is registered."
            )

    def record(self, func: Callable[[BlueprintSetupState], None]) -> None:
        """Call a function at each registration."""
        self._check_setup_finished("record")
        self.deferred_functions.append(func)

    def record_once(self, func: Callable[[BlueprintSetupState], None]) -> None:
        """Call a function at the first registration with an application."""

        def at_first(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(at_first)

    def make_setup_state(self, app: "Flask", options: dict[str, Any], first_registration: bool = False) -> BlueprintSetupState:
        """Make what the recorded functions are called with."""
        return BlueprintSetupState(self, app, options, first_registration)

    def register_blueprint(self, blueprint: "Blueprint", **options: Any) -> None:
        """Take another blueprint in, below this one."""
        self._check_setup_finished("register_blueprint")
        if blueprint is self:
            raise ValueError(f"The blueprint '{self.name}' cannot be registered in itself.")
        self._blueprints.append((blueprint, options))

    def register(self, app: "Flask", options: dict[str, Any]) -> None:
        """Add everything to an application: what `app.register_blueprint` calls."""
        name = f"{options.get('name_prefix', '')}.{options.get('name', self.name)}".lstrip(".")
        known = app.blueprints.get(name)
        if known is not None:
            same = "this one" if known is self else "another one"
            raise ValueError(
                f"The name '{name}' is already registered for {same} of the blueprints. Say name= to register it under another."
            )
        is_first = all(other is not self for other in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, is_first)
        if self.has_static_folder:
            state.add_url_rule(f"{self.static_url_path}/<path:filename>", "static", self.send_static_file)
        self._hand_on(app, name)
        for function in self.deferred_functions:
            function(state)
        self._add_commands(app, options.get("cli_group", self.cli_group), name)
        for blueprint, inner in self._blueprints:
            blueprint.register(app, _inside(state, blueprint, inner, name))

    def _hand_on(self, app: "Flask", name: str) -> None:
        """Give the application the hooks and error handlers: they count for the views under this name."""

        def scoped(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for hooks in _HOOKS:
            for key, functions in getattr(self, hooks).items():
                getattr(app, hooks)[scoped(key)].extend(functions)
        for key, by_code in self.error_handler_spec.items():
            for code, handlers in by_code.items():
                app.error_handler_spec[scoped(key)][code].update(handlers)
        app.view_functions.update(self.view_functions)

    def _add_commands(self, app: "Flask", group: Any, name: str) -> None:
        if not self.cli.commands:
            return
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is _OWN_NAME else group
        app.cli.add_command(self.cli)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Answer a path, once the blueprint is registered. The name of the view comes after that of the blueprint."""
        if endpoint and "." in endpoint:
            raise ValueError(f"The endpoint {endpoint!r} has a dot, which stands between a blueprint and its views.")
        if view_func is not None and "." in getattr(view_func, "__name__", ""):
            raise ValueError(f"The name of the view function {view_func.__name__!r} has a dot: say endpoint= for another.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    # What counts for the whole application, once the blueprint is registered.

    def before_app_request(self, f: F) -> F:
        """Call a function before each request of the application."""
        return self._app_hook("before_request_funcs", f)

    def after_app_request(self, f: F) -> F:
        """Call a function with each answer of the application."""
        return self._app_hook("after_request_funcs", f)

    def teardown_app_request(self, f: F) -> F:
        """Call a function at the end of each request of the application."""
        return self._app_hook("teardown_request_funcs", f)

    def app_context_processor(self, f: F) -> F:
        """Add what a function returns to the values of every template of the application."""
        return self._app_hook("template_context_processors", f)

    def app_url_value_preprocessor(self, f: F) -> F:
        """Call a function with the variable parts of every path of the application."""
        return self._app_hook("url_value_preprocessors", f)

    def app_url_defaults(self, f: F) -> F:
        """Call a function with the values of each URL that the application builds."""
        return self._app_hook("url_default_functions", f)

    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[F], F]:
        """Answer an exception, or a status, for the whole application."""

        def register(function: F) -> F:
            self.record_once(lambda state: state.app.register_error_handler(code, function))
            return function

        return register

    def app_template_filter(self, name: str | None = None) -> Callable[[F], F]:
        """Make a function a filter of every template of the application."""
        return self._app_declaration(lambda function: self.add_app_template_filter(function, name))

    def add_app_template_filter(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Make a function a filter: what `app_template_filter` does, as a call."""
        self.record_once(lambda state: state.app.add_template_filter(f, name))

    def app_template_test(self, name: str | None = None) -> Callable[[F], F]:
        """Make a function a test of every template of the application."""
        return self._app_declaration(lambda function: self.add_app_template_test(function, name))

    def add_app_template_test(self, f: Callable[..., bool], name: str | None = None) -> None:
        """Make a function a test: what `app_template_test` does, as a call."""
        self.record_once(lambda state: state.app.add_template_test(f, name))

    def app_template_global(self, name: str | None = None) -> Callable[[F], F]:
        """Let every template of the application call a function."""
        return self._app_declaration(lambda function: self.add_app_template_global(function, name))

    def add_app_template_global(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Let templates call a function: what `app_template_global` does, as a call."""
        self.record_once(lambda state: state.app.add_template_global(f, name))

    def _app_hook(self, hooks: str, function: F) -> F:
        self.record_once(lambda state: getattr(state.app, hooks)[None].append(function))
        return function

    @staticmethod
    def _app_declaration(add: Callable[[Any], None]) -> Callable[[F], F]:
        def register(function: F) -> F:
            add(function)
            return function

        return register


def _inside(state: BlueprintSetupState, inner: Blueprint, options: dict[str, Any], name: str) -> dict[str, Any]:
    """The options of a blueprint that is registered inside another one: prefixes are put together."""
    chosen = {**options, "name_prefix": name}
    given = options.get("url_prefix")
    prefix = inner.url_prefix if given is None else given
    if state.url_prefix is not None:
        chosen["url_prefix"] = state.url_prefix if prefix is None else f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
    elif prefix is not None:
        chosen["url_prefix"] = prefix
    parts = [part for part in (options.get("subdomain") or inner.subdomain, state.subdomain) if part is not None]
    if parts:
        chosen["subdomain"] = ".".join(parts)
    return chosen
