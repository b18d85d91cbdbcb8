"""A command's arguments and options, from its signature: each is converted and checked by its type, as a route's inputs are."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import TypeAdapter, ValidationError

from trine.binding.annotations import bare_type, is_scalar
from trine.binding.signature import Input, Overrides, read_call, signature_of
from trine.errors import SetupError
from trine.routing import handler_name


@dataclass(frozen=True)
class Parameters:
    """What a command line gives to a function, and how several values become one."""

    parameters: list[click.Parameter]
    complete: dict[str, Callable[[Any], Any]]


class Typed(click.ParamType):  # type: ignore[type-arg] # older releases of Click have no type arguments
    """A type that Pydantic checks: numbers, dates, `Path`, `UUID`, enumerations and whatever else text can carry."""

    def __init__(self, annotation: Any) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        self.name = _word(annotation)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the value, or say what is wrong with it."""
        if not isinstance(value, str):
            return value
        try:
            return self.adapter.validate_strings(value)
        except ValidationError as error:
            self.fail(f"{value!r} {_said(error)}.", param, ctx)


def click_parameters(function: Callable[..., Any], overrides: Overrides) -> Parameters:
    """Make Click's parameters: those that decorators declared, and one for each other parameter that no dependency fills."""
    signature = signature_of(function)
    declared: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
    by_hand = {parameter.name for parameter in declared if parameter.expose_value}
    unknown = [name for name in by_hand if name not in signature.parameters]
    if unknown:
        raise SetupError(
            f"The command {handler_name(function)}() declares '{unknown[0]}' with Click, and has no parameter of this name.",
            hint=f"Add '{unknown[0]}' to the function.",
        )
    made, complete = [], {}
    for item in read_call(function, overrides=overrides).inputs:
        if item.name in by_hand:
            continue
        if not _is_text(item):
            raise SetupError(
                f"The command {handler_name(function)}() takes '{item.name}' as {item.annotation}; a command line has text.",
                hint="Use text, numbers, dates, choices or lists of them, or declare it with click.option.",
            )
        made.append(_parameter(item))
        if item.is_sequence:
            complete[item.name] = _sequence(item)
    return Parameters(declared + made, complete)


def _parameter(item: Input) -> click.Parameter:
    dashed = item.name.replace("_", "-")
    text = item.param.options.get("description") or ""
    if item.is_sequence:
        kind = Typed(next(iter(get_args(item.bare)), str))
        if item.required:
            return click.Argument([item.name], nargs=-1, required=True, type=kind)
        return click.Option([f"--{dashed}", item.name], multiple=True, type=kind, help=text, default=item.default or ())
    if item.bare is bool:
        switch = f"--{dashed}" if item.default is False else f"--{dashed}/--no-{dashed}"
        default = None if item.required else item.default
        return click.Option([switch, item.name], is_flag=True, default=default, required=item.required, help=text)
    kind = Typed(item.annotation)
    if item.required:
        return click.Argument([item.name], type=kind)
    return click.Option([f"--{dashed}", item.name], default=item.default, show_default=True, type=kind, help=text)


def _sequence(item: Input) -> Callable[[Any], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(item.annotation)

    def complete(values: Any) -> Any:
        if not values and not item.required:
            return item.default
        try:
            return adapter.validate_python(list(values))
        except ValidationError as error:
            raise click.BadParameter(f"it {_said(error)}.", param_hint=item.name) from None

    return complete


def _said(error: ValidationError) -> str:
    return error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _word(annotation: Any) -> str:
    """How help names a type: its choices, or its name."""
    kind = bare_type(annotation)
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return {str: "text", int: "integer", float: "number"}.get(kind, getattr(kind, "__name__", "text").lower())


def _is_text(item: Input) -> bool:
    return all(is_scalar(kind) for kind in (get_args(item.bare) if item.is_sequence else [item.annotation]))
