"""Rows for tests: what a test does not care about is made up, and related rows with it."""

import datetime
import decimal
import enum
import itertools
import uuid
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from trine.db import Field, Model, registry
from trine.errors import SetupError

M = TypeVar("M", bound=Model)
_numbers = itertools.count(1)


async def make(model: type[M], **values: Any) -> M:
    """Save a new row with these values. Fields without a default are made up, unique each time, and related rows are made too.

    A value may be a function without parameters, which is called.
    """
    instance = build(model, **{name: value for name, value in values.items() if not _is_many(model, name)})
    for name, made in model.__fields__.items():
        if made.kind == "foreign_key" and name not in values and made.attname not in values and _is_needed(made):
            setattr(instance, name, await make(made.relation.target))
    await instance.save()
    for name, value in values.items():
        if _is_many(model, name):
            await getattr(instance, name).set(value)
    return instance


def build(model: type[M], **values: Any) -> M:
    """Make an instance that is not saved. Related rows are not made up."""
    registry.configure()
    given = {name: value() if callable(value) and not isinstance(value, type) else value for name, value in values.items()}
    for name, made in model.__fields__.items():
        if made.column is not None and made.kind == "column" and name not in given and _is_needed(made):
            given[name] = _made_up(model, made, next(_numbers))
    return model(**given)


class Factory(Generic[M]):
    """Values that rows of a model usually have in tests: `class BookFactory(Factory[Book], model=Book): title = "A book"`.

    An attribute is a value, a function of a number that is another one each time (`lambda n: f"Book {n}"`), or another factory
    for a related row. `await BookFactory.make(title="Mine")` saves one, `make_many(3)` several, and `build()` saves none.
    """

    model: ClassVar[type[Any]]
    _said: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, model: type[Any] | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if model is not None:
            cls.model = model
        said = {name: value for name, value in vars(cls).items() if not name.startswith("_") and name != "model"}
        said = {name: value for name, value in said.items() if not isinstance(value, classmethod | staticmethod)}
        cls._said = {**cls._said, **said}
        unknown = [name for name in said if name not in cls.model.__settable__ and name not in cls.model.__fields__]
        if unknown:
            raise SetupError(f"{cls.__name__} says '{unknown[0]}', which {cls.model.__name__} has not.", hint="Correct the name.")

    @classmethod
    async def make(cls, **values: Any) -> M:
        """Save a row."""
        said = {name: value for name, value in cls._said.items() if name not in values and f"{name}_id" not in values}
        chosen = {name: await _value_of(value) for name, value in said.items()}
        made: M = await make(cls.model, **{**chosen, **values})
        return made

    @classmethod
    async def make_many(cls, count: int, **values: Any) -> list[M]:
        """Save several rows."""
        return [await cls.make(**values) for _ in range(count)]

    @classmethod
    def build(cls, **values: Any) -> M:
        """Make an instance that is not saved, without related rows."""
        said = {name: value for name, value in cls._said.items() if not isinstance(value, type)}
        chosen = {name: value(next(_numbers)) if callable(value) else value for name, value in said.items()}
        made: M = build(cls.model, **{**chosen, **values})
        return made


async def _value_of(said: Any) -> Any:
    if isinstance(said, type) and issubclass(said, Factory):
        return await said.make()
    return said(next(_numbers)) if callable(said) else said


def _is_many(model: type[Any], name: str) -> bool:
    made = model.__fields__.get(name)
    return made is not None and made.kind == "many"


def _is_needed(made: Field) -> bool:
    return not made.has_default and not made.is_null


def _made_up(model: type[Any], made: Field, number: int) -> Any:
    """A value of a field's type that no other row has."""
    kind = made.python_type
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if kind is str:
        text = f"{made.name} {number}"
        longest = made.options.max_length or len(text)
        return text if len(text) <= longest else str(number)[-longest:]
    known = _KINDS.get(kind) or _KINDS.get(get_origin(kind) or NoneType)
    if known is None:
        raise SetupError(f"make({model.__name__}) cannot make up '{made.name}'.", hint=f"Say it: make(..., {made.name}=...).")
    return known(number)


_KINDS: dict[Any, Callable[[int], Any]] = {
    int: lambda number: number,
    float: float,
    bool: lambda number: False,
    bytes: lambda number: str(number).encode(),
    decimal.Decimal: lambda number: decimal.Decimal(number % 100),
    uuid.UUID: lambda number: uuid.uuid4(),
    datetime.date: lambda number: datetime.date(2026, 1, 1) + datetime.timedelta(days=number % 3650),
    datetime.datetime: lambda number: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=number),
    datetime.time: lambda number: datetime.time(number % 24),
    datetime.timedelta: lambda number: datetime.timedelta(minutes=number),
    dict: lambda number: {},
    list: lambda number: [],
}
