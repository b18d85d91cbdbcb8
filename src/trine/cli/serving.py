"""The options of `trine run` and `trine dev`, from the command line, the environment and `.env`, in this order."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .program import env_file

F = TypeVar("F", bound=Callable[..., Any])

LEVELS = ("debug", "info", "warning", "error", "critical")


def option(name: str, **attributes: Any) -> Callable[[F], F]:
    """An option that is also read from `TRINE_<NAME>`."""
    variable = "TRINE_" + name.partition("/")[0].removeprefix("--").replace("-", "_").upper()
    return click.option(name, envvar=variable, show_default=attributes.pop("show_default", True), **attributes)


def _note_alias(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Tell it to the process that loads the application, by the variable that it reads."""
    if value is not None:
        os.environ["TRINE_ALIAS"] = value


COMMON = (
    option("--host", default="127.0.0.1", help="Address to listen on. A public one needs TRINE_ALLOWED_HOSTS."),
    option("--port", default=8000, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one."),
    option("--uds", type=click.Path(), help="Listen on a Unix socket instead."),
    option("--access-log/--no-access-log", default=True, help="One line for each answer, on standard output."),
    option(
        "--access-log-format", default="text", help="text, combined, json, or fields: '{client} {method} {path} {status} {ms}'."
    ),
    option("--log-level", default="info", type=click.Choice(LEVELS), help="Least important messages on standard error."),
    option(
        "--alias",
        default=None,
        type=click.Choice(["flask"]),
        callback=_note_alias,
        expose_value=False,
        show_default=False,
        help="Let `import flask`, in the program and its extensions, lead to trine.compat.flask.",
    ),
    env_file,
)


def common_options(function: F) -> F:
    """Add what `run` and `dev` share."""
    for decorate in reversed(COMMON):
        function = decorate(function)
    return function


class ServerCommand(click.Command):
    """A command whose options may also stand in `.env`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the file first: what it says is the default of every option."""
        extra["default_map"] = self._defaults(args) | (extra.get("default_map") or {})
        return super().make_context(info_name, args, parent, **extra)

    def _defaults(self, args: list[str]) -> dict[str, Any]:
        from trine.settings.dotenv import read_dotenv

        found = read_dotenv(Path(_named_file(args)))
        variables = {parameter.name: parameter.envvar for parameter in self.params if isinstance(parameter.envvar, str)}
        return {name: found[variable].value for name, variable in variables.items() if name and variable in found}


def _named_file(args: list[str]) -> str:
    for position, word in enumerate(args):
        if word.startswith("--env-file="):
            return word.partition("=")[2]
        if word == "--env-file" and position + 1 < len(args):
            return args[position + 1]
    return ".env"
