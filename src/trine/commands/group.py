"""Commands as they are declared: plain data, until somebody asks for a command line."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trine.errors import SetupError
from trine.types import Decorator

if TYPE_CHECKING:
    import click

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Command:
    """A function that the command line calls: declared, not yet bound."""

    name: str
    function: Callable[..., Any]
    help: str
    lifespan: bool
    """Whether the application is started around it."""


class CommandGroup:
    """Commands by name, and groups of commands below it."""

    def __init__(self, help: str = "") -> None:
        self.help = help
        self.members: dict[str, Command | CommandGroup | click.Command] = {}

    def command(self, name: str | None = None, *, help: str | None = None, lifespan: bool = True) -> Decorator:
        """Call a function, plain or `async`, as `trine NAME`; without a name it has the function's.

        Parameters without a default are arguments, those with one are options, converted and checked by their type; Click's
        decorators (`@click.option`, `@click.argument`) say it by hand. A `click.Context` and dependencies (`Depends`) are filled
        in. The application is started around the call; `lifespan=False` leaves that away.
        """

        def register(function: Any) -> Any:
            said = help if help is not None else (function.__doc__ or "")
            chosen = name or function.__name__.strip("_").replace("_", "-")
            self._add(chosen, Command(chosen, function, said, lifespan))
            return function

        return register

    def group(self, name: str, *, help: str = "") -> "CommandGroup":
        """Make a group: its commands are called as `trine NAME COMMAND`."""
        group = CommandGroup(help)
        self._add(name, group)
        return group

    def add(self, command: "click.Command", name: str | None = None) -> None:
        """Add a command or group that was made with Click. Nothing is started around it."""
        self._add(name or command.name or "", command)

    def _add(self, name: str, member: "Command | CommandGroup | click.Command") -> None:
        if not _NAME.fullmatch(name):
            hint = "Use small letters, digits and -, as in send-reminders."
            raise SetupError(f"'{name}' is no name for a command.", hint=hint)
        if name in self.members:
            raise SetupError(f"There are two commands named '{name}'.", hint="Name one of them otherwise: command('other-name').")
        self.members[name] = member
