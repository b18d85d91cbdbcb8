"""The application at hand, and the commands that it and its batteries bring."""

from collections.abc import Collection
from dataclasses import dataclass, field

import click

from trine.errors import SetupError

from .program import given_target, load_application

ENV_FILE = "trine.env_file"
_KEPT = "trine.project"


@dataclass(frozen=True)
class Project:
    """What was found: an application's commands, or why there are none."""

    target: str = ""
    commands: dict[str, click.Command] = field(default_factory=dict)
    error: SetupError | None = None


def project_of(context: click.Context, taken: Collection[str]) -> Project:
    """Load the application once. Where there is none, or it cannot be loaded, there are no commands."""
    if _KEPT not in context.meta:
        context.meta[_KEPT] = _load(context, taken)
    found: Project = context.meta[_KEPT]
    return found


def _load(context: click.Context, taken: Collection[str]) -> Project:
    with context.scope(cleanup=False):
        try:
            target = given_target(None)
        except click.UsageError:
            return Project()
        try:
            app = load_application(target, env_file=context.meta.get(ENV_FILE, ".env"))
            return Project(target, _commands_of(app, target, taken))
        except SetupError as error:
            return Project(target, error=error)


def _commands_of(app: object, target: str, taken: Collection[str]) -> dict[str, click.Command]:
    if not getattr(getattr(app, "commands", None), "members", None):
        return {}
    from trine.commands import build_commands

    commands = build_commands(app)
    for name in commands:
        if name in taken:
            raise SetupError(f"{target} has a command '{name}', which is one of Trine's own.", hint="Give it another name.")
    return commands
