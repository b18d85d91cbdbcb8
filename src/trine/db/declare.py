"""From a class to a table: annotations become fields, fields become columns, and SQLAlchemy maps the class onto them."""

import builtins
import datetime
import decimal
import enum
import re
import sys
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import sqlalchemy as sa
from annotated_types import MaxLen
from pydantic import BaseModel
from sqlalchemy.orm import Mapped

from trine.errors import SetupError

from .errors import did_you_mean
from .fields import MISSING, Field, FieldOptions, ManyOptions, ReverseOptions
from .types import JSON, Array, EnumValue, Integer, NaiveDateTime, Number, UTCDateTime, Vector


@dataclass(frozen=True)
class ModelName:
    """A model that an annotation names before it exists."""

    name: str

    def __getattr__(self, part: str) -> "ModelName":
        if part.startswith("__"):
            raise AttributeError(part)
        return ModelName(f"{self.name}.{part}")

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007 - it is no type, so `|` would come back here

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007 - the same

    def __call__(self) -> None:
        """Nothing is made of a name: typing asks for something that can be called."""


class _Names(Mapping[str, Any]):
    """What names mean where a class was written. An unknown one is a model that is declared later."""

    def __init__(self, model: type[Any]) -> None:
        self._places = (vars(model), vars(sys.modules.get(model.__module__, builtins)), vars(builtins))

    def __getitem__(self, name: str) -> Any:
        for place in self._places:
            if name in place and not isinstance(place[name], FieldOptions | ManyOptions | ReverseOptions):
                return place[name]
        return ModelName(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def read_annotation(model: type[Any], annotation: Any) -> Any:
    """Evaluate an annotation that was written as text, or that has text inside."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            return read_annotation(model, eval(annotation, {}, _Names(model)))  # noqa: S307 - the program's own annotation
        except (SyntaxError, TypeError) as error:
            raise SetupError(f"{model.__qualname__} has the annotation {annotation!r}, which cannot be read: {error}.") from None
    return annotation


def bare(annotation: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """An annotation without `Mapped`, `Annotated` and None: the type, whether None is allowed, and what was annotated."""
    extras: tuple[Any, ...] = ()
    is_null = False
    while True:
        origin = get_origin(annotation)
        if origin is Mapped:
            annotation = get_args(annotation)[0]
        elif origin is Annotated:
            extras += annotation.__metadata__
            annotation = annotation.__origin__
        elif origin in (Union, types.UnionType):
            members = [member for member in get_args(annotation) if member is not types.NoneType]
            is_null = is_null or len(members) < len(get_args(annotation))
            if len(members) != 1:
                return Union[tuple(members)], is_null, extras  # noqa: UP007 - made of values
            annotation = members[0]
        else:
            return annotation, is_null, extras


def is_class_var(annotation: Any) -> bool:
    """Whether an annotation says that the attribute is the class's own."""
    if isinstance(annotation, str):
        return bool(re.match(r"(typing\.|t\.)?ClassVar\b", annotation))
    return annotation is ClassVar or get_origin(annotation) is ClassVar


_SIMPLE: dict[type, Any] = {
    bool: sa.Boolean(),
    float: sa.Double(),
    bytes: sa.LargeBinary(),
    datetime.date: sa.Date(),
    datetime.time: sa.Time(),
    datetime.timedelta: sa.Interval(),
    uuid.UUID: sa.Uuid(),
}
_ITEMS = (str, int, float, bool, datetime.date, datetime.datetime, uuid.UUID)


def column_type(python_type: Any, options: FieldOptions, extras: Sequence[Any] = ()) -> Any:
    """The SQLAlchemy type for a Python type; None where there is none."""
    if options.type is not None:
        return options.type
    for extra in extras:
        kind = extra() if isinstance(extra, type) and issubclass(extra, sa.types.TypeEngine) else extra
        if isinstance(kind, sa.types.TypeEngine):
            return kind
    if python_type is Any:
        return JSON()
    if isinstance(python_type, type) and get_origin(python_type) is None:
        return _simple_type(python_type, options, extras)
    return _composed_type(python_type, options)


def _simple_type(python_type: type[Any], options: FieldOptions, extras: Sequence[Any]) -> Any:
    if issubclass(python_type, enum.Enum):
        return EnumValue(python_type)
    if issubclass(python_type, BaseModel):
        return JSON(python_type)
    if python_type is str:
        length = options.max_length or next((extra.max_length for extra in extras if isinstance(extra, MaxLen)), None)
        return sa.Text() if length is None else sa.String(length)
    if python_type is int:
        return Integer()
    if python_type is decimal.Decimal:
        return Number(options.max_digits, options.decimal_places)
    if python_type is datetime.datetime:
        return UTCDateTime() if options.timezone else NaiveDateTime()
    return JSON() if python_type in (dict, list, object) else _SIMPLE.get(python_type)


def _composed_type(python_type: Any, options: FieldOptions) -> Any:
    origin, arguments = get_origin(python_type), get_args(python_type)
    if origin is Literal:
        longest = max(len(str(value)) for value in arguments)
        return Integer() if all(type(value) is int for value in arguments) else sa.String(max(longest, 32))
    if origin is list and options.dimensions is not None:
        return Vector(options.dimensions)
    if origin is list and arguments[0] in _ITEMS:
        return Array(column_type(arguments[0], FieldOptions()))
    if origin in (list, dict, tuple, Union):
        is_plain = all(argument in (str, int, float, bool, object, Any) for argument in arguments)
        return JSON(None if is_plain and origin is dict else python_type)
    return None


def make_field(model: type[Any], name: str, annotation: Any, said: Any, *, counts: bool = True) -> Field:
    """Read one attribute's annotation and what stands behind it. A key that `counts` is numbered by the database."""
    annotation = read_annotation(model, annotation)
    options = said if isinstance(said, FieldOptions) else FieldOptions(default=said)
    python_type, is_null, extras = bare(annotation)
    python_type = read_annotation(model, python_type)
    if is_relation(python_type):
        return _foreign_key(model, name, annotation, python_type, is_null, options)
    is_null = is_null or python_type is Any
    kind = column_type(python_type, options, extras)
    if kind is None:
        raise SetupError(
            f"{model.__qualname__}.{name} is annotated {_shown(python_type)}, which no column can hold.",
            hint="Annotate a simple type, a Pydantic model or another model, say field(type=...), or ClassVar for no column.",
        )
    made = Field(name, annotation, python_type, is_null, options, attname=name)
    made.column = _column(model, made, kind, counts=counts)
    return made


def is_relation(python_type: Any) -> bool:
    """Whether a type is a model, or the name of one."""
    return isinstance(python_type, ModelName) or hasattr(python_type, "__trine_model__")


def _foreign_key(model: type[Any], name: str, annotation: Any, target: Any, is_null: bool, options: FieldOptions) -> Field:
    if options.on_delete == "SET NULL" and not is_null:
        raise SetupError(
            f"{model.__qualname__}.{name} has on_delete='SET NULL', but may not be None.",
            hint=f"Write {name}: {_shown(target)} | None, or on_delete='CASCADE'.",
        )
    made = Field(name, annotation, target, is_null, options, kind="foreign_key", attname=f"{name}_id")
    # Its type is that of the key it refers to, which is known when every model is.
    made.column = _column(model, made, sa.types.NullType(), index=options.index is not False and not options.one_to_one)
    return made


def _column(model: type[Any], made: Field, kind: Any, *, index: bool | None = None, counts: bool = True) -> sa.Column[Any]:
    options = made.options
    arguments: list[Any] = []
    if options.generated is not None and not hasattr(options.generated, "build"):
        arguments.append(sa.Computed(options.generated, persisted=True))
    is_made = options.default is not MISSING or options.default_factory is not None
    is_counted = options.primary_key and isinstance(kind, Integer) and counts and not is_made
    if is_counted:
        arguments.append(sa.Identity(always=False))
    said: dict[str, Any] = {}
    if options.default_factory is not None:
        factory = options.default_factory
        said["default"] = lambda: factory()  # noqa: PLW0108 - SQLAlchemy calls with a context what it can
    elif options.default is not MISSING and options.default is not None:
        said["default"] = options.default
    if options.on_update is not None:
        renew = options.on_update
        said["onupdate"] = lambda: renew()  # noqa: PLW0108 - the same
    return sa.Column(
        options.db_column or made.attname,
        kind,
        *arguments,
        primary_key=options.primary_key,
        nullable=made.is_null,
        unique=(options.unique or options.one_to_one) or None,
        index=(bool(options.index) if index is None else index) or None,
        autoincrement=True if is_counted else "auto" if options.primary_key else False,
        server_default=_server_default(options.db_default, kind),
        key=made.attname,
        **said,
    )


def _server_default(value: Any, kind: Any) -> Any:
    if value is MISSING:
        return None
    if hasattr(value, "build_default"):
        return value.build_default()
    if isinstance(value, sa.sql.ClauseElement):
        return value
    return sa.literal(value, kind)


def table_name(model: type[Any], package: str) -> str:
    """The default name of a table: the class's, in snake case, behind its package where it is in one."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", model.__name__).lower()
    return f"{package}_{snake}" if "." in model.__module__ else snake


def package_of(model: type[Any]) -> str:
    """The package of a model: the folder that its module is in, without `models`; a single module's own name."""
    parts = model.__module__.split(".")
    parts = parts[: parts.index("models")] if "models" in parts else parts[:-1]
    return parts[-1] if parts else model.__module__.strip("_")


_META = {
    "abstract",
    "app_label",
    "constraints",
    "database",
    "db_table",
    "indexes",
    "managed",
    "ordering",
    "package",
    "verbose_name",
    "verbose_name_plural",
}


@dataclass(frozen=True)
class ModelOptions:
    """What a model's inner `class Meta` says."""

    abstract: bool = False
    package: str = ""
    db_table: str = ""
    database: str = "default"
    ordering: tuple[Any, ...] = ()
    indexes: tuple[Any, ...] = ()
    constraints: tuple[Any, ...] = ()
    managed: bool = True
    """Whether migrations make and change its table."""
    verbose_name: str = ""
    verbose_name_plural: str = ""


def read_meta(model: type[Any]) -> ModelOptions:
    """Read the inner `class Meta`, refusing what it does not know."""
    own = vars(model).get("Meta")
    said = {name: getattr(own, name) for name in dir(own) if not name.startswith("_")} if own else {}
    unknown = said.keys() - _META
    if unknown:
        name = min(unknown)
        raise SetupError(f"{model.__qualname__}.Meta has '{name}', which it does not know.", hint=did_you_mean(name, _META))
    inherited = next((base.__options__ for base in model.__mro__[1:] if hasattr(base, "__options__")), ModelOptions())
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model.__name__).lower()
    package = said.pop("package", None) or said.pop("app_label", None) or package_of(model)
    label = said.get("verbose_name", name)
    return ModelOptions(
        abstract=said.get("abstract", False),
        package=package,
        db_table=said.get("db_table", ""),
        database=said.get("database", inherited.database),
        ordering=tuple(said.get("ordering", inherited.ordering)),
        indexes=tuple(said.get("indexes", inherited.indexes)),
        constraints=tuple(said.get("constraints", inherited.constraints)),
        managed=said.get("managed", True),
        verbose_name=label,
        verbose_name_plural=said.get("verbose_name_plural", f"{label}s"),
    )


def _shown(kind: Any) -> str:
    return getattr(kind, "name", None) or getattr(kind, "__name__", None) or str(kind)
