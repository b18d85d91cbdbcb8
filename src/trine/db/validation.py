"""Checking an instance before it is written: fields by Pydantic, then `clean()`, then what must be unique."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic._internal._decorators import PydanticDescriptorProxy

from trine.errors import RequestValidationError, ValidationFailure

from .errors import DatabaseError
from .expressions import Expression, Q
from .fields import Field as ModelField
from .homes import home_of
from .querysets import QuerySet


class InvalidInstance(DatabaseError, RequestValidationError):
    """An instance whose values do not fit its model: `errors()` lists every failure with its field. A client gets a 422."""

    def __init__(self, errors: Sequence[Any]) -> None:
        RequestValidationError.__init__(self, errors)


async def full_clean(instance: Any, exclude: Sequence[str] = ()) -> None:
    """Check an instance. Values that Pydantic would turn into others, it does."""
    errors = [*_check_fields(instance, exclude), *_check_whole(instance)]
    failed = {str(error["loc"][0]) for error in errors if error["loc"]}
    errors += await _check_unique(instance, {*exclude, *failed})
    if errors:
        raise InvalidInstance(errors)


def checker(model: type[Any]) -> type[BaseModel]:
    """The Pydantic model of a model's own columns, made once."""
    found = vars(model).get("__checker__")
    if found is None:
        fields: dict[str, Any] = {}
        for made in model.__fields__.values():
            if made.column is not None and not made.is_generated:
                fields[made.attname] = (field_type(made), None if made.has_default or made.is_null else ...)
        validators: dict[str, Any] = {
            name: value
            for base in reversed(model.__mro__)
            for name, value in vars(base).items()
            if isinstance(value, PydanticDescriptorProxy)
        }
        config = ConfigDict(arbitrary_types_allowed=True)
        found = create_model(f"{model.__name__}Checker", __config__=config, __validators__=validators, **fields)
        model.__checker__ = found
    made_model: type[BaseModel] = found
    return made_model


def field_type(made: ModelField) -> Any:
    """The type of a field's values for Pydantic, with its limits."""
    annotation = made.annotation
    if made.kind == "foreign_key":
        remote = made.relation.target.__fields__.get(made.relation.remote.key)
        annotation = int if remote is None else remote.annotation
        return annotation | None if made.is_null else annotation
    options = made.options
    limits: dict[str, Any] = {}
    if options.max_length is not None and made.python_type is str:
        limits["max_length"] = options.max_length
    if options.max_digits is not None:
        limits |= {"max_digits": options.max_digits, "decimal_places": options.decimal_places}
    annotation = _unmapped(annotation)
    if not limits:
        return annotation
    if not made.is_null:
        return Annotated[annotation, Field(**limits)]
    kind: Any = made.python_type
    limited: Any = Annotated[kind, Field(**limits)]
    return limited | None


def _unmapped(annotation: Any) -> Any:
    from sqlalchemy.orm import Mapped

    return annotation.__args__[0] if getattr(annotation, "__origin__", None) is Mapped else annotation


def _check_fields(instance: Any, exclude: Sequence[str]) -> list[Any]:
    model = type(instance)
    kind = checker(model)
    values = {
        name: value
        for name in kind.model_fields
        if name not in exclude and (value := instance.__dict__.get(name, _ABSENT)) is not _ABSENT
    }
    values = {name: value for name, value in values.items() if not isinstance(value, Expression)}
    # A value that the database makes may be missing.
    values = {name: value for name, value in values.items() if value is not None or not _made_there(model, name)}
    try:
        checked = kind.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [detail for detail in found if not detail["loc"] or detail["loc"][0] not in exclude]
    for name in values:
        value = getattr(checked, name)
        if value is not values[name] and value != values[name]:
            setattr(instance, name, value)
    return []


_ABSENT: Any = object()


def _made_there(model: type[Any], name: str) -> bool:
    made = next(made for made in model.__fields__.values() if made.attname == name)
    return made.is_auto or bool(made.options.db_default)


def _check_whole(instance: Any) -> list[Any]:
    try:
        instance.clean()
    except ValidationFailure as failure:
        return list(failure.errors())
    except ValueError as error:
        return [{"type": "value_error", "loc": (), "msg": str(error), "input": None}]
    return []


async def _check_unique(instance: Any, skipped: set[str]) -> list[Any]:
    from .constraints import Index, UniqueConstraint

    model = type(instance)
    groups: list[tuple[tuple[str, ...], Q | None, str | None]] = [
        ((made.attname,), None, None)
        for made in model.__fields__.values()
        if made.column is not None and (made.options.unique or made.options.one_to_one or (made.primary_key and not made.is_auto))
    ]
    for item in (*model.__options__.constraints, *model.__options__.indexes):
        if isinstance(item, UniqueConstraint):
            groups.append((item.fields, item.condition, item.message))
        elif isinstance(item, Index) and item.unique:
            groups.append((tuple(name.removeprefix("-") for name in item.fields), item.condition, None))
    errors = []
    for fields, condition, message in groups:
        if skipped.intersection(fields):
            continue
        if await _is_taken(instance, fields, condition):
            names = " and ".join(fields)
            error = {
                "type": "unique",
                "loc": fields[:1] if len(fields) == 1 else (),
                "msg": message or f"{names} is taken already",
            }
            errors.append({**error, "input": getattr(instance, fields[0], None)})
    return errors


async def _is_taken(instance: Any, fields: Sequence[str], condition: Q | None) -> bool:
    model = type(instance)
    attributes = [model.__fields__[name].attname if name in model.__fields__ else name for name in fields]
    values = {name: instance.__dict__.get(name) for name in attributes}
    if any(value is None for value in values.values()):
        return False
    rows: QuerySet[Any] = QuerySet(model).using(home_of(instance)).filter(**values)
    if condition is not None:
        rows = rows.filter(condition)
    key = instance._sa_instance_state.key
    if key is not None:
        rows = rows.exclude(**dict(zip(model.__keys__, key[1], strict=True)))
    return await rows.exists()
