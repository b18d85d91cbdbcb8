"""Make Click's commands of what was declared, and run them."""

import asyncio
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from trine.binding.calls import bind_call
from trine.binding.signature import call_kind, signature_of
from trine.errors import HTTPException, SetupError
from trine.routing import handler_name

from .group import Command, CommandGroup
from .parameters import click_parameters


def build_commands(app: Any) -> dict[str, click.Command]:
    """Make the commands of an application, by name. Raises `SetupError` with every mistake at once."""
    problems: list[SetupError] = []
    made = _build_group(app, app.commands, problems)
    if problems:
        raise SetupError.together(problems, "the application's commands")
    return made


def _build_group(app: Any, group: CommandGroup, problems: list[SetupError]) -> dict[str, click.Command]:
    made: dict[str, click.Command] = {}
    for name, member in group.members.items():
        if isinstance(member, CommandGroup):
            made[name] = click.Group(name, commands=_build_group(app, member, problems), help=member.help or None)
        elif isinstance(member, Command):
            try:
                made[name] = _build_command(app, member)
            except SetupError as problem:
                problems.append(problem)
        else:
            made[name] = member
    return made


def _build_command(app: Any, command: Command) -> click.Command:
    function = _checked(command.function)
    bare = _in_context(function, None)
    given = click_parameters(bare, app.dependency_overrides)
    # Bound now, so that mistakes are known before anything runs.
    bind_call(bare, app=app, overrides=app.dependency_overrides)

    def call(**values: Any) -> None:
        context = click.get_current_context()
        taken = {name: given.complete[name](value) if name in given.complete else value for name, value in values.items()}
        run = bind_call(_in_context(function, context), app=app, overrides=app.dependency_overrides)
        try:
            asyncio.run(_run(app, run, taken, lifespan=command.lifespan))
        except HTTPException as error:
            # A dependency that would answer a request with a refusal refuses here too.
            raise click.ClickException(str(error.detail)) from error

    return click.Command(command.name, params=given.parameters, callback=call, help=inspect.cleandoc(command.help) or None)


async def _run(app: Any, run: Callable[..., Any], values: dict[str, Any], *, lifespan: bool) -> None:
    if not lifespan:
        await run(**values)
        return
    async with app.running():
        await run(**values)


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename == click.decorators.__file__:
        raise SetupError(
            f"{handler_name(function)}() is wrapped by click.pass_context or one of its kin.",
            hint="Take the context as a parameter instead: ctx: click.Context.",
        )
    if call_kind(function) not in ("async", "sync"):
        raise SetupError(
            f"The command {handler_name(function)}() is a {call_kind(function)}.",
            hint="A command is a function, def or async def.",
        )
    return function


def _in_context(function: Callable[..., Any], context: click.Context | None) -> Callable[..., Any]:
    """Fill in Click's context, and have it at hand in the thread of a plain function too."""
    signature = signature_of(function)
    asked = {name: context for name, parameter in signature.parameters.items() if parameter.annotation is click.Context}
    called: Any
    if call_kind(function) == "async":

        @wraps(function)
        async def called(**values: Any) -> Any:
            return await function(**values, **asked)
    else:

        @wraps(function)
        def called(**values: Any) -> Any:
            if context is None:
                return function(**values, **asked)
            with context.scope(cleanup=False):
                return function(**values, **asked)

    kept = [parameter for name, parameter in signature.parameters.items() if name not in asked]
    called.__signature__ = signature.replace(parameters=kept)
    return called  # type: ignore[no-any-return] # a function as above
