"""A group of commands that are imported when they are called, and those of the application at hand."""

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from .project import project_of


class LazyGroup(click.Group):
    """Commands by name, each with its module and a line of help, so that even `--help` imports none of them.

    The application's own stand beside them. It is loaded where its commands are asked for: by `--help`, and by a name that is
    none of Trine's.
    """

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_at = dict(commands_at)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of their declaration."""
        return [*self.commands_at, *project_of(ctx, self.commands_at).commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.commands_at:
            return project_of(ctx, self.commands_at).commands.get(cmd_name)
        command: click.Command = import_module(self.commands_at[cmd_name][0]).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; where there is none, say which one was probably meant."""
        name = args[0] if args else ""
        if name and self.get_command(ctx, name) is None and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            if name.endswith(".py"):
                meant = f" To serve a file: trine dev {name}"
            else:
                meant = f" Did you mean '{near[0]}'?" if near else f" There are {', '.join(self.list_commands(ctx))}."
            project = project_of(ctx, self.commands_at)
            if project.error is not None and not near:
                # It may be one of the application's commands: what keeps them away is what matters.
                raise project.error
            ctx.fail(f"There is no command '{name}'.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their line of help."""
        rows = [(name, line) for name, (_, line) in self.commands_at.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        project = project_of(ctx, self.commands_at)
        own = [(name, command.get_short_help_str(80)) for name, command in project.commands.items()]
        if own:
            with formatter.section(f"Commands of {project.target}"):
                formatter.write_dl(own)
        if project.error is not None:
            with formatter.section(f"The commands of {project.target} are missing here"):
                formatter.write_text(str(project.error))
