"""The `flask` command line: commands of an application, of its blueprints and of plugins, run in its context."""

import os
import platform
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any, TypeVar

import click
import werkzeug
import werkzeug.serving
from click.core import ParameterSource

from .alias import alias
from .commands import CertParamType, SeparatedPathType, routes_command, run_command, shell_command, show_server_banner
from .dotenv import load_dotenv
from .globals import _cv_app
from .helpers import get_debug_flag, get_load_dotenv
from .locate import NoAppException, find_app_by_string, find_best_app, locate_app, prepare_import
from .script import ScriptInfo, pass_script_info, with_appcontext

if TYPE_CHECKING:
    from .app import Flask

F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "AppGroup",
    "CertParamType",
    "FlaskGroup",
    "NoAppException",
    "ScriptInfo",
    "SeparatedPathType",
    "cli",
    "find_app_by_string",
    "find_best_app",
    "get_version",
    "load_dotenv",
    "locate_app",
    "main",
    "pass_script_info",
    "prepare_import",
    "routes_command",
    "run_command",
    "shell_command",
    "show_server_banner",
    "with_appcontext",
]

FLASK_VERSION = "3.1.3"
"""The Flask whose behaviour these names follow."""


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions that matter in a report about a mistake."""
    if not value or ctx.resilient_parsing:
        return
    lines = (f"Python {platform.python_version()}", f"Flask {FLASK_VERSION}", f"Werkzeug {version('werkzeug')}")
    click.echo("\n".join((*lines, f"Trine {version('trine')}")), color=ctx.color)
    ctx.exit()


class AppGroup(click.Group):
    """A group whose commands run in the context of the application."""

    def command(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override] # one form
        """Make a function a command; `with_appcontext=False` runs it without the application."""
        needs_context = kwargs.pop("with_appcontext", True)

        def register(function: Callable[..., Any]) -> click.Command:
            wrapped = with_appcontext(function) if needs_context else function
            command: click.Command = click.Group.command(self, *args, **kwargs)(wrapped)
            return command

        return register

    def group(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Group]:  # type: ignore[override] # one form
        """Make a function a group of commands that run in the context too."""
        kwargs.setdefault("cls", AppGroup)
        register: Callable[[Callable[..., Any]], click.Group] = super().group(*args, **kwargs)
        return register


def _keep_app(ctx: click.Context, param: click.Option, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _keep_debug(ctx: click.Context, param: click.Option, value: bool) -> bool | None:
    # Only what somebody said: the program's own setting wins over a default.
    if ctx.get_parameter_source(str(param.name)) in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    return value


def _read_env_file(ctx: click.Context, param: click.Option, value: str | None) -> str | None:
    if value is not None:
        try:
            import_module("dotenv")
        except ImportError:
            raise click.BadParameter("python-dotenv must be installed to read it.", ctx=ctx, param=param) from None
    if value is not None or ctx.ensure_object(ScriptInfo).load_dotenv_defaults:
        load_dotenv(value, load_defaults=ctx.obj.load_dotenv_defaults)
    return value


def _options() -> list[click.Option]:
    return [
        click.Option(
            ["-e", "--env-file"],
            type=click.Path(exists=True, dir_okay=False),
            is_eager=True,
            expose_value=False,
            callback=_read_env_file,
            help="File with variables, besides .env and .flaskenv, over which it wins. What the environment sets wins over all.",
        ),
        click.Option(
            ["-A", "--app"],
            metavar="IMPORT",
            is_eager=True,
            expose_value=False,
            callback=_keep_app,
            help="The application, or the function that makes it: 'module', 'module:name' or 'module:create_app(\"test\")'.",
        ),
        click.Option(
            ["--debug/--no-debug"],
            expose_value=False,
            callback=_keep_debug,
            help="Debug mode.",
        ),
    ]


class FlaskGroup(AppGroup):
    """A command line of its own for an application: `run`, `shell`, `routes`, and the commands of the application."""

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: "Callable[..., Flask] | None" = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        params: list[click.Parameter] = [*(extra.pop("params", None) or ()), *_options()]
        if add_version_option:
            params.append(
                click.Option(
                    ["--version"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=get_version,
                    help="Show the versions.",
                )
            )
        settings = {"auto_envvar_prefix": "FLASK", **(extra.pop("context_settings", None) or {})}
        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._has_plugins = False
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Note that a command line runs, and how it finds its application."""
        # app.run() in a program that this command line loads must not serve.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app, set_debug_flag=self.set_debug_flag, load_dotenv_defaults=self.load_dotenv
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the files and the application's name first, also where only help is asked for: it lists their commands."""
        if (not args and self.no_args_is_help) or (len(args) == 1 and args[0] in self.get_help_option_names(ctx)):
            for option in self.params:
                if option.name in ("env_file", "app"):
                    option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command of this group or a plugin, else of the application."""
        self._load_plugins()
        own = super().get_command(ctx, name)
        if own is not None:
            return own
        info = ctx.ensure_object(ScriptInfo)
        try:
            app = info.load_app()
        except NoAppException as error:
            # Said here, and the command line goes on to say that there is no such command.
            click.secho(f"Error: {error.format_message()}\n", err=True, fg="red")
            return None
        # The callbacks of its parameters may want the application too.
        current = _cv_app.get(None)
        if current is None or current.app is not app:
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands of this group, of plugins, and of the application where it can be loaded."""
        self._load_plugins()
        names = set(super().list_commands(ctx))
        info = ctx.ensure_object(ScriptInfo)
        try:
            names.update(info.load_app().cli.list_commands(ctx))
        except NoAppException as error:
            click.secho(f"Error: {error.format_message()}\n", err=True, fg="red")
        except Exception:  # noqa: BLE001 - help is shown whatever is wrong with the program
            import traceback

            click.secho(f"{traceback.format_exc()}\n", err=True, fg="red")
        return sorted(names)

    def _load_plugins(self) -> None:
        if not self._has_plugins:
            self._has_plugins = True
            for entry in entry_points(group="flask.commands"):
                self.add_command(entry.load(), entry.name)


def run_application(
    app: "Flask", host: str | None, port: int | None, debug: bool | None, *, load_dotenv: bool, options: dict[str, Any]
) -> None:
    """Serve an application with Werkzeug's development server: what `app.run()` does."""
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        if not werkzeug.serving.is_running_from_reloader():
            click.secho("app.run() is left out: a command line serves the application already.", err=True, fg="red")
        return
    if get_load_dotenv(load_dotenv):
        _load_variables()
        # They may have said something about it.
        if "FLASK_DEBUG" in os.environ:
            app.debug = get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)
    name, _, number = (app.config["SERVER_NAME"] or "").partition(":")
    if port is None:
        port = int(number) if number else 5000
    for option, value in (("use_reloader", app.debug), ("use_debugger", app.debug), ("threaded", True)):
        options.setdefault(option, value)
    show_server_banner(app.debug, app.name)
    try:
        werkzeug.serving.run_simple(host or name or "127.0.0.1", port, app, **options)
    finally:
        # In an interactive session the next request may come after more was declared.
        app._got_first_request = False  # noqa: SLF001 - of this room


_load_variables = load_dotenv

cli = FlaskGroup(
    name="flask",
    help="""Commands of a Flask application, on Trine.

The application is named by --app or FLASK_APP, else it is in wsgi.py or app.py in the working directory.
""",
)


def main() -> None:
    """Run the `flask` command line. With `TRINE_ALIAS=flask` the application and its extensions may import it as `flask`."""
    if os.environ.get("TRINE_ALIAS") == "flask":
        alias()
    cli.main(prog_name="flask")
