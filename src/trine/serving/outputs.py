"""What a model gives: checked item by item, so that one wrong output fails its own request alone."""

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import isclass
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from pydantic import BaseModel, ValidationError

from trine.binding.annotations import bare_type, union_members
from trine.binding.validate import adapter_for, is_struct_type, located
from trine.errors import ResponseValidationError

OutputCheck = Callable[[Any], Any]
_Finite = Callable[[Any], bool]


def make_output_check(annotation: Any, where: str) -> OutputCheck:
    """Make the function that gives an output of the right type, or raises `ResponseValidationError`.

    A value that already is an instance of the declared model is taken at its word; numbers that are not finite are not.
    """
    is_finite = _finite_check(annotation)
    validate = _validator(annotation, where)
    kind = bare_type(annotation)
    exact = kind if isclass(kind) and (is_struct_type(annotation) or issubclass(kind, BaseModel)) else None

    def check_output(value: Any) -> Any:
        if type(value) is not exact and validate is not None:
            value = validate(value)
        if is_finite is not None and not is_finite(value):
            message = "The model gave a number that is not finite"
            raise ResponseValidationError([_problem("finite_number", message, value)], body=value)
        return value

    return check_output


def _validator(annotation: Any, where: str) -> OutputCheck | None:
    if annotation is Any:
        return None
    if is_struct_type(annotation):

        def convert(value: Any) -> Any:
            try:
                return msgspec.convert(value, annotation, from_attributes=True)
            except msgspec.ValidationError as error:
                raise ResponseValidationError([_problem("value_error", str(error), value)], body=value) from error

        return convert
    validate = adapter_for(annotation, where).validator.validate_python

    def validated(value: Any) -> Any:
        try:
            return validate(value, from_attributes=True)
        except ValidationError as error:
            raise ResponseValidationError(located(error, ("response",)), body=value) from error

    return validated


def _problem(kind: str, message: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "loc": ["response"], "msg": message, "input": value}


def _finite_check(annotation: Any, above: tuple[Any, ...] = ()) -> _Finite | None:  # noqa: PLR0911 - one for each kind of type
    """Look only where the type can hold a float. None where it cannot, and where a type holds itself."""
    kind = bare_type(annotation)
    if kind in above:
        return None
    above = (*above, kind)
    origin, inside = get_origin(kind), get_args(kind)
    if kind is float:
        return _is_finite
    if kind is Any or kind in (dict, list):
        return _is_finite_everywhere
    members = union_members(annotation)
    if len(members) > 1:
        return _is_finite_everywhere if any(_finite_check(member, above) for member in members) else None
    if origin is list and inside:
        return _each(_finite_check(inside[0], above))
    if origin is dict and len(inside) == 2:
        check_values = _each(_finite_check(inside[1], above))
        return None if check_values is None else lambda value: check_values(value.values())
    if isclass(kind) and (issubclass(kind, BaseModel | msgspec.Struct) or is_dataclass(kind)):
        return _fields_check(_field_types(kind), getattr, above)
    if is_typeddict(kind):
        return _fields_check(get_type_hints(kind), _item_of, above)
    return None


def _field_types(kind: Any) -> dict[str, Any]:
    if issubclass(kind, BaseModel):
        # A field may allow it, as it may in what is sent.
        if kind.model_config.get("allow_inf_nan") is True and "allow_inf_nan" in kind.model_config:
            return {}
        return {name: info.annotation for name, info in kind.model_fields.items() if not _allows_any_number(info)}
    if issubclass(kind, msgspec.Struct):
        return {name: hint for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__}
    hints = get_type_hints(kind)
    return {found.name: hints[found.name] for found in fields(kind)}


def _allows_any_number(info: Any) -> bool:
    return any(getattr(item, "allow_inf_nan", None) is True for item in info.metadata)


def _fields_check(types: dict[str, Any], get: Callable[[Any, str], Any], above: tuple[Any, ...]) -> _Finite | None:
    checks = [(name, check) for name, kind in types.items() if (check := _finite_check(kind, above)) is not None]
    if not checks:
        return None
    if len(checks) == 1:
        ((alone, check_alone),) = checks
        return lambda value: check_alone(get(value, alone))
    return lambda value: all(check(get(value, name)) for name, check in checks)


def _item_of(value: Any, name: str) -> Any:
    return value.get(name)


def _each(check: _Finite | None) -> _Finite | None:
    return None if check is None else lambda values: all(map(check, values))


def _is_finite(value: Any) -> bool:
    return value is None or not isinstance(value, float) or math.isfinite(value)


def _is_finite_everywhere(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite_everywhere, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite_everywhere, value))
    return _is_finite(value)
