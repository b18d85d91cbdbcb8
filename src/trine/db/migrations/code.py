"""Types and defaults as source text: how migrations write them down, and how two of them are compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator, TypeEngine

from .. import types
from ..constraints import DeferredSQL
from ..constraints import literal as literal_sql
from ..dialects import DIALECTS

_OWN = types.__name__
_PLAIN = DefaultDialect()
# PostgreSQL's limit is the lowest of all.
_LONGEST_IDENTIFIER = 63


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of source, and the imports that it needs."""

    text: str
    imports: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.text


def type_code(kind: TypeEngine[Any]) -> Code:
    """How a column's type is written. Types that differ for the program alone, such as enumerations, are the database's."""
    module = type(kind).__module__
    if module == _OWN:
        return _own_type(kind)
    if module.startswith("sqlalchemy.dialects."):
        dialect = module.split(".")[2]
        return Code(f"{dialect}.{kind!r}", frozenset({f"from sqlalchemy.dialects import {dialect}"}))
    if module.startswith("sqlalchemy."):
        return Code(f"sa.{_shortened(repr(kind))}")
    if isinstance(kind, TypeDecorator):
        # The program's own class may be gone when the migration is read again; what the database sees stays.
        return type_code(kind.impl_instance)
    return Code(f"{module}.{kind!r}", frozenset({f"import {module}"}))


def _own_type(kind: Any) -> Code:
    name, said = type(kind).__name__, ""
    inside = frozenset[str]()
    if isinstance(kind, types.EnumValue):
        return Code("sa.Integer()" if kind.is_number else f"sa.String({kind.length})")
    if isinstance(kind, types.Integer):
        said = "" if kind.bits == 64 else str(kind.bits)
    elif isinstance(kind, types.Number):
        said = ", ".join(str(part) for part in (kind.precision, kind.scale) if part is not None)
    elif isinstance(kind, types.Array):
        item = type_code(kind.item)
        said, inside = item.text, item.imports
    elif isinstance(kind, types.Vector):
        said = "" if kind.dimensions is None else str(kind.dimensions)
    return Code(f"{name}({said})", inside | {f"from trine.db.types import {name}"})


def _shortened(text: str) -> str:
    return re.sub(r"^(String|Text|Unicode|VARCHAR)\(length=(\d+)\)$", r"\1(\2)", text)


def default_code(default: Any) -> Code | None:
    """How a database default is written; None where there is none."""
    if not isinstance(default, DefaultClause):
        return None
    said = default.arg
    if isinstance(said, str):
        return Code(literal(said))
    value = getattr(said, "value", None) if isinstance(said, sa.BindParameter) else None
    if isinstance(value, bool):
        return Code("sa.true()" if value else "sa.false()")
    if isinstance(value, str | int | float):
        return Code(literal(str(value)))
    if isinstance(said, now):
        return Code("sa.func.now()")
    if isinstance(said, sa.TextClause):
        return Code(f"sa.text({literal(said.text)})")
    # In parentheses every database takes an expression.
    return Code(f"sa.text({literal(f'({sql_text(said)})')})")


def sql_text(said: Any) -> str:
    """SQL without parameters, and without the names of tables: as it stands inside of a definition."""
    if isinstance(said, str):
        return said
    if isinstance(said, DeferredSQL):
        # A condition of a model: one text has to do for every database, and PostgreSQL's is the nearest to the standard.
        return literal_sql(said.model, said.expression, DIALECTS["postgresql"]())
    if isinstance(said, sa.TextClause):
        return said.text
    compiler = _PLAIN.statement_compiler(_PLAIN, None)
    return str(compiler.process(said, include_table=False, literal_binds=True))


def value_code(value: Any) -> Code:
    """How an option's value is written."""
    if type(value).__name__ == "SQL":
        return Code(f"sa.text({literal(str(value))})")
    if isinstance(value, Mapping):
        return Code("{" + ", ".join(f"{literal(key)}: {value_code(item)}" for key, item in value.items()) + "}")
    return Code(literal(value))


def literal(value: Any) -> str:
    """A value in source, strings between double quotes."""
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    text = repr(value)
    return f'"{value}"' if isinstance(value, str) and '"' not in value and "\\" not in text else text


def short_name(name: str) -> str:
    """A name that fits into every database. SQLAlchemy shortens in the same way."""
    if len(name) <= _LONGEST_IDENTIFIER:
        return name
    ending = md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]
    return f"{name[: _LONGEST_IDENTIFIER - 8]}_{ending}"
