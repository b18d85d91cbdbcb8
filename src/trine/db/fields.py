"""`field()`, `many()` and `reverse()`: what a model says about an attribute beside its annotation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal

import sqlalchemy as sa

OnDelete = Literal["CASCADE", "SET NULL", "RESTRICT", "SET DEFAULT", "NO ACTION"]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()
"""Stands for a default that was not given: None is one."""


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """What was said about a field."""

    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    primary_key: bool = False
    unique: bool = False
    index: bool | None = None
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    dimensions: int | None = None
    timezone: bool = True
    db_default: Any = MISSING
    generated: Any = None
    on_update: Callable[[], Any] | None = None
    on_delete: OnDelete | None = None
    related_name: str | None = None
    one_to_one: bool = False
    db_column: str | None = None
    type: Any = None
    choices: Any = None
    label: str | None = None
    help_text: str = ""
    editable: bool = True
    extra: Mapping[str, Any] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ManyOptions:
    """What was said about a relation to many rows."""

    through: Any = None
    through_fields: tuple[str, str] | None = None
    related_name: str | None = None
    symmetrical: bool = False
    label: str | None = None
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class ReverseOptions:
    """That a relation is declared elsewhere."""

    of: str | None = None


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    init: bool = True,
    primary_key: bool = False,
    unique: bool = False,
    index: bool | None = None,
    max_length: int | None = None,
    max_digits: int | None = None,
    decimal_places: int | None = None,
    dimensions: int | None = None,
    timezone: bool = True,
    db_default: Any = MISSING,
    generated: Any = None,
    on_update: Callable[[], Any] | None = None,
    on_delete: OnDelete | None = None,
    related_name: str | None = None,
    one_to_one: bool = False,
    db_column: str | None = None,
    type: Any = None,
    choices: Any = None,
    label: str | None = None,
    help_text: str = "",
    editable: bool = True,
    **extra: Any,
) -> Any:
    """Say more about a field than its annotation does.

    `default` and `default_factory` are Python's, `db_default` and `generated` the database's (a value, a SQL text, or an
    expression), and `on_update` makes a new value at every `save()`. `on_delete`, `related_name` and `one_to_one` are a foreign
    key's; its deletion happens in the database. `type` is a SQLAlchemy type for a column that no annotation describes. What else
    is given is kept in `Field.options.extra` for whoever asks.
    """
    return FieldOptions(
        default=default,
        default_factory=default_factory,
        primary_key=primary_key,
        unique=unique,
        index=index,
        max_length=max_length,
        max_digits=max_digits,
        decimal_places=decimal_places,
        dimensions=dimensions,
        timezone=timezone,
        db_default=db_default,
        generated=generated,
        on_update=on_update,
        on_delete=on_delete,
        related_name=related_name,
        one_to_one=one_to_one,
        db_column=db_column,
        type=type,
        choices=choices,
        label=label,
        help_text=help_text,
        editable=editable,
        extra=extra,
    )


def many(
    *,
    through: Any = None,
    through_fields: tuple[str, str] | None = None,
    related_name: str | None = None,
    symmetrical: bool = False,
    label: str | None = None,
    help_text: str = "",
    init: Literal[False] = False,
) -> Any:
    """Relate to many rows, which may have many in turn, as `tags` does that is annotated `Many[Tag]`.

    A table between the two is made, unless `through` names a model that stands there, as a class or as `package.Name`; of a model
    with several foreign keys, `through_fields` names the two. With `symmetrical` a relation to the own model counts both ways.
    """
    return ManyOptions(through, through_fields, related_name, symmetrical, label, help_text)


def reverse(of: str | None = None, *, init: Literal[False] = False) -> Any:
    """Type the other side of a relation, whose field is named: of an `articles` that is annotated `Many["Article"]`."""
    return ReverseOptions(of)


@dataclass(eq=False)
class Field:
    """One field of a model, as migrations, schemas, forms and the admin read it."""

    name: str
    annotation: Any
    """The annotation without `Mapped`; `Annotated` is kept, for validators."""
    python_type: Any
    """The type of a value that is not None; a model, or its name, for relations."""
    is_null: bool
    options: FieldOptions
    column: sa.Column[Any] | None = None
    """Its column; that of a foreign key is named `<name>_id`."""
    kind: Literal["column", "foreign_key", "many"] = "column"
    attname: str = ""
    """The attribute that holds the column's value: `author_id` for the foreign key `author`."""
    many: ManyOptions | None = None
    relation: Any = None
    """The `Relation`, once the models are configured."""

    @property
    def primary_key(self) -> bool:
        """Whether it is the key, or a part of it."""
        return self.options.primary_key

    @property
    def has_default(self) -> bool:
        """Whether a new row has a value without being given one."""
        options = self.options
        made = options.default is not MISSING or options.default_factory is not None or options.db_default is not MISSING
        return made or options.generated is not None or options.on_update is not None or self.is_auto or self.kind == "many"

    @property
    def is_auto(self) -> bool:
        """Whether the database counts it."""
        return self.column is not None and self.column.primary_key and self.column.autoincrement is True

    @property
    def is_generated(self) -> bool:
        """Whether the database computes it from other columns."""
        return self.options.generated is not None

    @property
    def makes_default(self) -> bool:
        """Whether a new instance may get a value in Python without being given one."""
        return self.options.default_factory is not None or (self.options.default is not MISSING and not self.is_generated)

    def make_default(self) -> Any:
        """The default for a new instance, MISSING where there is none in Python."""
        options = self.options
        if options.default_factory is not None:
            return options.default_factory()
        return MISSING if self.is_generated else options.default

    @property
    def label(self) -> str:
        """What people call it."""
        return self.options.label or self.name.replace("_", " ")

    def __repr__(self) -> str:
        return f"<Field {self.name}>"
