"""What a schema is at some point of its history: tables, columns, indexes and constraints as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from .code import Code, default_code, short_name, sql_text, type_code

Options = tuple[tuple[str, Any], ...]


class SQL(str):
    """An option that is SQL: compared as text."""

    __slots__ = ()


@dataclass(frozen=True)
class ColumnSpec:
    """One column. Two are equal when the database would make the same of them."""

    name: str
    type: TypeEngine[Any] = field(compare=False, repr=False)
    type_code: Code
    nullable: bool = True
    primary_key: bool = False
    counted: bool = False
    default: Code | None = None
    default_clause: Any = field(default=None, compare=False, repr=False)
    computed: str | None = None
    comment: str | None = None

    @classmethod
    def read(cls, column: sa.Column[Any]) -> "ColumnSpec":
        """Read a column of SQLAlchemy's."""
        computed = column.computed
        return cls(
            column.name,
            column.type,
            type_code(column.type),
            nullable=bool(column.nullable),
            primary_key=column.primary_key,
            counted=column.primary_key and (column.identity is not None or column.autoincrement is True),
            default=None if computed is not None or column.identity is not None else default_code(column.server_default),
            default_clause=None if computed is not None or column.identity is not None else column.server_default,
            computed=None if computed is None else sql_text(computed.sqltext),
            comment=column.comment,
        )

    def make(self) -> sa.Column[Any]:
        """A column of SQLAlchemy's, in no table yet."""
        extra: list[Any] = []
        if self.counted:
            extra.append(sa.Identity())
        if self.computed is not None:
            extra.append(sa.Computed(self.computed, persisted=True))
        said = None if self.default_clause is None else self.default_clause.arg
        return sa.Column(
            self.name,
            self.type,
            *extra,
            nullable=self.nullable,
            primary_key=self.primary_key,
            autoincrement=self.counted,
            server_default=said,
            comment=self.comment,
        )


@dataclass(frozen=True)
class ConstraintSpec:
    """A constraint. Its name does not count: a table that was renamed keeps the old names."""

    kind: Literal["unique", "check", "foreign_key"]
    name: str = field(compare=False)
    columns: tuple[str, ...] = ()
    text: str = ""
    target: str = ""
    target_columns: tuple[str, ...] = ()
    on_delete: str | None = None
    on_update: str | None = None
    deferrable: bool | None = None
    initially: str | None = None
    options: Options = ()

    @classmethod
    def read(cls, constraint: Any, table: str) -> "ConstraintSpec | None":
        """Read a constraint of SQLAlchemy's; None for a primary key, which belongs to the columns."""
        name = str(constraint.name) if constraint.name else ""
        timing = {"deferrable": constraint.deferrable, "initially": constraint.initially}
        options = _options(constraint)
        if isinstance(constraint, sa.CheckConstraint):
            return cls("check", short_name(name or f"ck_{table}"), text=sql_text(constraint.sqltext), options=options, **timing)
        if isinstance(constraint, sa.UniqueConstraint):
            columns = tuple(column.name for column in constraint.columns) or _pending(constraint)
            return cls("unique", short_name(name or f"uq_{table}_{'_'.join(columns)}"), columns, options=options, **timing)
        if isinstance(constraint, sa.ForeignKeyConstraint):
            targets = [_target(key) for key in constraint.elements]
            columns = tuple(
                constraint.column_keys if getattr(constraint, "parent", None) is None else [c.name for c in constraint.columns]
            )
            return cls(
                "foreign_key",
                short_name(name or f"fk_{table}_{'_'.join(columns)}"),
                columns,
                target=targets[0][0],
                target_columns=tuple(column for _, column in targets),
                on_delete=constraint.ondelete,
                on_update=constraint.onupdate,
                options=options,
                **timing,
            )
        return None

    def make(self) -> Any:
        """A constraint of SQLAlchemy's, in no table yet."""
        timing: dict[str, Any] = {"deferrable": self.deferrable, "initially": self.initially, **_said(self.options)}
        if self.kind == "check":
            return sa.CheckConstraint(self.text, name=self.name, **timing)
        if self.kind == "unique":
            return sa.UniqueConstraint(*self.columns, name=self.name, **timing)
        targets = [f"{self.target}.{column}" for column in self.target_columns]
        return sa.ForeignKeyConstraint(
            list(self.columns), targets, name=self.name, ondelete=self.on_delete, onupdate=self.on_update, **timing
        )

    def renamed(self, names: Mapping[str, str]) -> "ConstraintSpec":
        """The same over columns with new names."""
        return replace(self, columns=tuple(names.get(column, column) for column in self.columns))


@dataclass(frozen=True)
class IndexSpec:
    """An index. Its name does not count either."""

    name: str = field(compare=False)
    parts: tuple[str, ...]
    """Names of columns, and SQL in parentheses."""
    unique: bool = False
    options: Options = ()

    @classmethod
    def read(cls, index: sa.Index, table: str) -> "IndexSpec":
        """Read an index of SQLAlchemy's."""
        parts = tuple(_part(expression) for expression in index.expressions)
        name = str(index.name or f"ix_{table}_{'_'.join(part.strip('()') for part in parts)}")
        return cls(short_name(name), parts, bool(index.unique), _options(index))

    def expressions(self) -> list[Any]:
        """What an index of SQLAlchemy's is made of."""
        return [sa.text(part[1:-1]) if part.startswith("(") else part for part in self.parts]

    @property
    def said(self) -> dict[str, Any]:
        """Its options as SQLAlchemy takes them."""
        return _said(self.options)

    def renamed(self, names: Mapping[str, str]) -> "IndexSpec":
        """The same over columns with new names."""
        return replace(self, parts=tuple(names.get(part, part) for part in self.parts))


@dataclass(frozen=True)
class TableSpec:
    """One table."""

    name: str
    columns: tuple[ColumnSpec, ...]
    constraints: tuple[ConstraintSpec, ...] = ()
    indexes: tuple[IndexSpec, ...] = ()
    database: str = "default"
    comment: str | None = None

    @classmethod
    def read(cls, table: sa.Table, database: str = "default") -> "TableSpec":
        """Read a table of SQLAlchemy's."""
        constraints = [ConstraintSpec.read(constraint, table.name) for constraint in table.constraints]
        return cls(
            table.name,
            tuple(ColumnSpec.read(column) for column in table.columns),
            tuple(sorted((found for found in constraints if found is not None), key=lambda found: (found.kind, found.name))),
            tuple(sorted((IndexSpec.read(index, table.name) for index in table.indexes), key=lambda index: index.name)),
            database,
            table.comment,
        )

    @classmethod
    def of(cls, name: str, items: Iterable[Any], database: str = "default", comment: str | None = None) -> "TableSpec":
        """Read columns, constraints and indexes that stand in a migration."""
        return cls.read(sa.Table(name, sa.MetaData(), *items, comment=comment), database)

    def column(self, name: str) -> ColumnSpec:
        """A column by name. Raises KeyError."""
        return next(column for column in self.columns if column.name == name) if name in self.names else _no_column(self, name)

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [column.name for column in self.columns]

    @property
    def key(self) -> list[str]:
        """The names of its key's columns."""
        return [column.name for column in self.columns if column.primary_key]

    @property
    def is_counted(self) -> bool:
        """Whether the database counts its key."""
        return any(column.counted for column in self.columns)

    def foreign_keys(self) -> Iterator[ConstraintSpec]:
        """Its foreign keys."""
        return (constraint for constraint in self.constraints if constraint.kind == "foreign_key")

    def named_constraint(self, name: str) -> ConstraintSpec:
        """A constraint by name."""
        found: ConstraintSpec = _named(self.constraints, name, self.name, "constraint")
        return found

    def named_index(self, name: str) -> IndexSpec:
        """An index by name."""
        found: IndexSpec = _named(self.indexes, name, self.name, "index")
        return found

    def make(self, metadata: sa.MetaData) -> sa.Table:
        """A table of SQLAlchemy's."""
        parts = [*(column.make() for column in self.columns), *(constraint.make() for constraint in self.constraints)]
        # SQLite would give the number of a deleted row to another one.
        counted: dict[str, Any] = {"sqlite_autoincrement": True} if self.is_counted and len(self.key) == 1 else {}
        table = sa.Table(self.name, metadata, *parts, comment=self.comment, **counted)
        for index in self.indexes:
            expressions = [table.c[part] if isinstance(part, str) else part for part in index.expressions()]
            sa.Index(index.name, *expressions, unique=index.unique, _table=table, **index.said)
        return table


def default_index_name(table: str, column: str) -> str:
    """What the index of one column is called where nothing is said."""
    return short_name(f"ix_{table}_{column}")


class State(dict[str, TableSpec]):
    """All tables at one point of the history, by name."""

    @classmethod
    def read(cls, tables: Iterable[sa.Table], databases: Mapping[str, str] | None = None) -> "State":
        """Read tables of SQLAlchemy's."""
        return cls({table.name: TableSpec.read(table, (databases or {}).get(table.name, "default")) for table in tables})

    def table(self, name: str) -> TableSpec:
        """A table by name, with a message that helps where there is none."""
        if name not in self:
            raise KeyError(
                f"At this point of the history there is no table '{name}'. There are: {', '.join(sorted(self)) or 'none'}."
            )
        return self[name]

    def put(self, table: TableSpec) -> None:
        """Add or replace a table."""
        self[table.name] = table

    def copy(self) -> "State":
        """Another one that may be changed."""
        return State(self)

    def metadata(self) -> sa.MetaData:
        """The tables as SQLAlchemy's, for data migrations."""
        metadata = sa.MetaData()
        for table in self.values():
            table.make(metadata)
        return metadata


def _target(key: sa.ForeignKey) -> tuple[str, str]:
    """Table and column that a foreign key names; the column's own name, also where the program calls it otherwise."""
    try:
        column = key.column
    except sa.exc.SQLAlchemyError:
        table, _, name = key.target_fullname.rpartition(".")
        return table, name
    return str(column.table.name), column.name


def _pending(constraint: Any) -> tuple[str, ...]:
    return tuple(getattr(column, "name", column) for column in constraint._pending_colargs)


def _part(expression: Any) -> str:
    return expression.name if isinstance(expression, sa.Column) else f"({sql_text(expression)})"


def _options(thing: Any) -> Options:
    found = {key: value for key, value in thing.dialect_kwargs.items() if value not in (None, False, {}, [], ())}
    return tuple(sorted((key, _plain(value)) for key, value in found.items()))


def _plain(value: Any) -> Any:
    return SQL(sql_text(value)) if isinstance(value, sa.ClauseElement) else value


def _said(options: Options) -> dict[str, Any]:
    """Options as SQLAlchemy takes them."""
    return {key: sa.text(value) if isinstance(value, SQL) else value for key, value in options}


def _named(things: Iterable[Any], name: str, table: str, what: str) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    there = ", ".join(thing.name for thing in things) or "none"
    raise KeyError(f"The table '{table}' has no {what} '{name}'. There are: {there}.")


def _no_column(table: TableSpec, name: str) -> Any:
    raise KeyError(f"The table '{table.name}' has no column '{name}'. There are: {', '.join(table.names)}.")
