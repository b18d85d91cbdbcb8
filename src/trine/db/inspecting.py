"""Models for a database that is there already: its tables, read and written down as classes."""

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from .model import Model

# What programs keep in a database for themselves.
_OTHERS_OWN = {"alembic_version", "django_migrations", "trine_migrations", "sqlite_sequence"}
# Django's own tables, under the names that its models have.
_DJANGO = {
    "auth_group": "Group",
    "auth_permission": "Permission",
    "auth_user": "User",
    "django_admin_log": "LogEntry",
    "django_content_type": "ContentType",
    "django_session": "Session",
    "django_site": "Site",
}
_TAKEN = frozenset(name for name in dir(Model) if not name.startswith("_")) | {"Meta"}


@dataclass
class Attribute:
    """One line of a class."""

    name: str
    annotation: str
    options: dict[str, str] = field(default_factory=dict)
    default: str = ""
    call: str = "field"
    note: str = ""

    def line(self) -> str:
        """How it is written."""
        said = [f"{key}={value}" for key, value in self.options.items()]
        if said or self.call != "field":
            if self.default:
                said.insert(0, f"default={self.default}")
            behind = f" = {self.call}({', '.join(said)})"
        else:
            behind = f" = {self.default}" if self.default else ""
        return f"    {self.name}: {self.annotation}{behind}{f'  # {self.note}' if self.note else ''}"


def models_of(connection: sa.Connection, only: Iterable[str] = ()) -> str:
    """The source of models for the tables of a database, or for some of them. Nothing is changed: they are not managed."""
    found = sa.MetaData()
    inspector = sa.inspect(connection)
    wanted = set(only) or set(inspector.get_table_names())
    found.reflect(connection, only=lambda name, _: name in wanted and name not in _OTHERS_OWN, resolve_fks=False)
    if getattr(connection.dialect, "is_mariadb", False):
        _mark_json(found, connection)
    return _Writer(found).source()


class _Writer:
    def __init__(self, metadata: sa.MetaData) -> None:
        self.tables = sorted(metadata.tables.values(), key=lambda table: table.name)
        self.names = _class_names([table.name for table in self.tables])
        self.reverse_names: dict[str, set[str]] = {}
        self.imports: set[str] = set()
        self.from_db = {"Model"}

    def source(self) -> str:
        """The whole module."""
        classes = [self._class(table) for table in self.tables]
        lines = ['"""Models for the tables of a database, as they were found. Migrations leave these tables alone."""', ""]
        lines += sorted(self.imports)
        if self.imports:
            lines.append("")
        lines.append(f"from trine.db import {', '.join(sorted(self.from_db, key=str.swapcase))}")
        return "\n".join(lines) + "\n" + "".join(f"\n\n{text}" for text in classes)

    def _class(self, table: sa.Table) -> str:
        attributes = [*self._columns(table), *self._between(table)]
        for attribute in attributes:
            if attribute.call in ("field", "many") and (attribute.options or attribute.call == "many"):
                self.from_db.add(attribute.call)
        # Fields without a default come first, as in any class.
        attributes.sort(key=lambda attribute: bool(attribute.default))
        body = [attribute.line() for attribute in attributes] or []
        meta = ["    class Meta:", f'        db_table = "{table.name}"', "        managed = False"]
        unique = [item for item in table.constraints if isinstance(item, sa.UniqueConstraint) and len(item.columns) > 1]
        note = "" if table.primary_key.columns else "  # TODO: the table has no primary key; mark a field that is unique"
        head = f"class {self.names[table.name]}(Model):{note}"
        if unique:
            head += f"\n    # Unique together: {'; '.join(', '.join(item.columns.keys()) for item in unique)}."
        return "\n".join([head, *body, *([""] if body else []), *meta]) + "\n"

    # Columns ----------------------------------------------------------------------------------------------------

    def _columns(self, table: sa.Table) -> Iterator[Attribute]:
        alone = [key for key in table.foreign_keys if key.constraint is not None and len(key.constraint.elements) == 1]
        keys = {key.parent.name: key for key in alone}
        unique = _unique_columns(table)
        taken = {column.name for column in table.columns}
        for column in table.columns:
            if _is_usual_key(table, column):
                continue
            target = _target_of(keys.get(column.name))
            if target is not None and target in self.names:
                yield self._foreign_key(table, column, keys[column.name], target, taken, is_unique=column.name in unique)
            else:
                yield self._column(column, is_unique=column.name in unique)

    def _column(self, column: sa.Column[Any], *, is_unique: bool) -> Attribute:
        annotation, options, note = self._type(column.type)
        name = _attribute_name(column.name)
        made = Attribute(name, annotation, options, note=note)
        if name != column.name:
            made.options["db_column"] = repr(column.name)
        if column.primary_key:
            made.options["primary_key"] = "True"
        elif is_unique:
            made.options["unique"] = "True"
        if column.nullable and not column.primary_key:
            made.annotation, made.default = f"{annotation} | None", "None"
        if column.computed is not None:
            made.options["generated"] = repr(str(column.computed.sqltext))
        return made

    def _foreign_key(
        self, table: sa.Table, column: sa.Column[Any], key: sa.ForeignKey, target: str, taken: set[str], *, is_unique: bool
    ) -> Attribute:
        name = _attribute_name(column.name.removesuffix("_id"))
        if name in taken and name != column.name:
            name = f"{name}_ref"
        annotation = f'"{self.names[target]}{" | None" if column.nullable else ""}"'
        made = Attribute(name, annotation, default="None" if column.nullable else "")
        if column.name != f"{name}_id":
            made.options["db_column"] = repr(column.name)
        if column.primary_key:
            made.options["primary_key"] = "True"
        if is_unique or column.primary_key:
            made.options["one_to_one"] = "True"
        if key.ondelete and key.ondelete.upper() != ("SET NULL" if column.nullable else "CASCADE"):
            made.options["on_delete"] = f'"{key.ondelete.upper()}"'
        reverse = self.names[table.name].lower() + ("" if "one_to_one" in made.options else "_set")
        used = self.reverse_names.setdefault(target, set())
        if reverse in used or reverse in {_attribute_name(name) for name in _columns_of(self.tables, target)}:
            reverse = f"{name}_{self.names[table.name].lower()}_set"
            made.options["related_name"] = f'"{reverse}"'
        used.add(reverse)
        return made

    def _between(self, table: sa.Table) -> Iterator[Attribute]:
        """Relations to many rows, through tables that hold two keys and nothing else."""
        for other in self.tables:
            targets = _ends_of(other)
            if targets is None or not other.name.startswith(f"{table.name}_") or table.name not in targets:
                continue
            target = targets[1] if targets[0] == table.name else targets[0]
            if target not in self.names or targets[0] == targets[1]:
                continue
            name = _attribute_name(other.name.removeprefix(f"{table.name}_"))
            if name not in {column.name for column in table.columns}:
                self.from_db |= {"Many", "many"}
                related = f'"{name}_of_{self.names[table.name].lower()}"'
                options = {"through": f'"{self.names[other.name]}"', "related_name": related}
                yield Attribute(name, f'Many["{self.names[target]}"]', options, call="many")

    def _type(self, kind: Any) -> tuple[str, dict[str, str], str]:  # noqa: C901, PLR0911 - one for each type
        """The annotation for a type, the options that it needs, and a word where nothing fits exactly."""
        if isinstance(kind, sa.Boolean) or (isinstance(kind, mysql.TINYINT) and kind.display_width == 1):
            return "bool", {}, ""
        if isinstance(kind, sa.Integer):
            return "int", {}, ""
        if isinstance(kind, sa.Double | sa.Float):
            return "float", {}, ""
        if isinstance(kind, sa.Numeric):
            self.imports.add("from decimal import Decimal")
            digits = {"max_digits": kind.precision, "decimal_places": kind.scale}
            return "Decimal", {name: str(value) for name, value in digits.items() if value is not None}, ""
        if isinstance(kind, sa.Uuid):
            return self._imported("uuid", "UUID"), {}, ""
        if isinstance(kind, sa.DateTime):
            return self._imported("datetime", "datetime"), {} if kind.timezone else {"timezone": "False"}, ""
        if isinstance(kind, sa.Date | sa.Time | sa.Interval):
            name = {sa.Date: "date", sa.Time: "time"}.get(
                next((base for base in (sa.Date, sa.Time) if isinstance(kind, base)), sa.Interval)
            )
            return self._imported("datetime", name or "timedelta"), {}, ""
        if isinstance(kind, sa.LargeBinary):
            return "bytes", {}, ""
        if isinstance(kind, sa.ARRAY):
            inner, _, note = self._type(kind.item_type)
            return f"list[{inner}]", {}, note
        if isinstance(kind, sa.JSON):
            return self._imported("typing", "Any"), {}, ""
        if isinstance(kind, sa.Enum):
            return "str", {"max_length": str(kind.length or 100)}, f"one of {', '.join(kind.enums)}"
        if isinstance(kind, sa.String) and not isinstance(kind, postgresql.TSVECTOR):
            return "str", {} if kind.length is None else {"max_length": str(kind.length)}, ""
        return "str", {}, f"TODO: the column's type is {kind}"

    def _imported(self, module: str, name: str) -> str:
        known = next((line for line in self.imports if line.startswith(f"from {module} import ")), f"from {module} import ")
        self.imports.discard(known)
        names = {part for part in known.partition(" import ")[2].split(", ") if part} | {name}
        self.imports.add(f"from {module} import {', '.join(sorted(names))}")
        return name


def _class_names(tables: Sequence[str]) -> dict[str, str]:
    """A class for each table: Django's own by their names, others in camel case."""
    is_django = "django_content_type" in tables or "auth_user" in tables
    names: dict[str, str] = {}
    for table in tables:
        name = _DJANGO[table] if is_django and table in _DJANGO else _camel(table)
        while name in names.values():
            name += "Table"
        names[table] = name
    return names


def _camel(text: str) -> str:
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", text) if part) or "Table"
    name = f"Table{name}" if name[0].isdigit() else name
    return f"{name}Table" if name in ("Model", "Many") or keyword.iskeyword(name) else name


def _attribute_name(column: str) -> str:
    name = re.sub(r"\W", "_", column).strip("_").lower() or "column"
    name = f"column_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or (name in _TAKEN and name != "id") else name


def _is_usual_key(table: sa.Table, column: sa.Column[Any]) -> bool:
    """Whether it is the key that a model has without saying so."""
    is_alone = [key.name for key in table.primary_key.columns] == ["id"]
    return column.name == "id" and is_alone and isinstance(column.type, sa.Integer) and not column.foreign_keys


def _mark_json(found: sa.MetaData, connection: sa.Connection) -> None:
    """Give JSON its type on MariaDB, where it is a text with a check that each value is JSON."""
    checks = connection.exec_driver_sql(
        "SELECT table_name, check_clause FROM information_schema.check_constraints WHERE constraint_schema = database()"
    )
    for name, clause in checks.all():
        said = re.fullmatch(r"json_valid\(`(.+)`\)", clause)
        if said is not None and name in found.tables and said[1] in found.tables[name].columns:
            found.tables[name].columns[said[1]].type = sa.JSON()


def _unique_columns(table: sa.Table) -> set[str]:
    constraints = [item.columns for item in table.constraints if isinstance(item, sa.UniqueConstraint)]
    indexes: list[Any] = [index.columns for index in table.indexes if index.unique and index.columns]
    return {next(iter(columns)).name for columns in [*constraints, *indexes] if len(columns) == 1}


def _target_of(key: sa.ForeignKey | None) -> str | None:
    return None if key is None else key.target_fullname.split(".")[-2]


def _ends_of(table: sa.Table) -> tuple[str, str] | None:
    """The two tables that a table stands between; None where it holds more than their keys."""
    keys = [column for column in table.columns if column.foreign_keys]
    others = [column for column in table.columns if not column.foreign_keys]
    if len(keys) != 2 or any(not _is_usual_key(table, column) for column in others):
        return None
    first, second = (_target_of(next(iter(column.foreign_keys))) for column in keys)
    return None if first is None or second is None else (first, second)


def _columns_of(tables: Sequence[sa.Table], name: str) -> list[str]:
    return [column.name for table in tables if table.name == name for column in table.columns]
