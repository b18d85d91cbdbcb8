"""Statements that were compiled once: their SQL, and how values find their places in it."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa

from .dialects import Dialect
from .errors import InvalidValue
from .scope import Parameter

Write = Callable[[Any], Any]


class Statement:
    """A compiled statement. `bind` puts values, by their numbers, into the order and form that the driver takes."""

    __slots__ = ("_places", "hydrate", "sql")

    def __init__(self, sql: str, places: Sequence[tuple[int, Write | None, Any, str]]) -> None:
        self.sql = sql
        self._places = tuple(places)
        self.hydrate: Any = None
        """Makes results of rows, where the statement has any."""

    def bind(self, values: Sequence[Any]) -> list[Any]:
        """The values as the driver takes them."""
        try:
            return [
                constant if at < 0 else values[at] if write is None else write(values[at])
                for at, write, constant, _ in self._places
            ]
        except InvalidValue as error:
            raise InvalidValue(f"{error.detail}{self._blame(values)}") from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidValue(f"A value does not fit its field: {error}.{self._blame(values)}") from error

    def bind_all(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The values of several rows, one behind the other."""
        if any(at < 0 for at, *_ in self._places):
            return [value for row in rows for value in self.bind(row)]
        columns = list(zip(*rows, strict=True))
        try:
            written = [columns[at] if write is None else list(map(write, columns[at])) for at, write, _, _ in self._places]
        except Exception:  # noqa: BLE001 - whose value does not fit is found row by row
            return [value for row in rows for value in self.bind(row)]
        return list(chain.from_iterable(zip(*written, strict=True)))

    def _blame(self, values: Sequence[Any]) -> str:
        """Which value of which lookup could not be written."""
        for at, write, _, where in self._places:
            try:
                if at >= 0 and write is not None:
                    write(values[at])
            except Exception:  # noqa: BLE001 - the one that failed before
                return f" ({where})" if where else ""
        return ""


def compile_statement(clause: Any, dialect: Dialect, parameters: dict[str, Parameter]) -> Statement:
    """Compile a clause of SQLAlchemy for a driver."""
    compiled = clause.compile(dialect=dialect.sqlalchemy, compile_kwargs={"render_postcompile": True})
    places: list[tuple[int, Write | None, Any, str]] = []
    for name in compiled.positiontup or ():
        parameter = parameters.get(name)
        if parameter is None:
            bind = compiled.binds[name]
            write = writer(bind.type, dialect)
            value = compiled.params[name]
            places.append((-1, None, value if write is None else write(value), name))
        else:
            places.append((parameter.at, _joined(parameter.convert, writer(parameter.type, dialect)), None, parameter.where))
    sql = str(compiled)
    # Without values the driver of MariaDB fills nothing in, and every percent sign stands for itself.
    return Statement(sql % () if dialect.name == "mysql" and not places else sql, places)


def _joined(convert: Write | None, write: Write | None) -> Write | None:
    if convert is None or write is None:
        return convert or write
    return lambda value: write(convert(value))


def writer(kind: Any, dialect: Dialect) -> Write | None:
    """What turns a value of a type into what the driver takes; None where it takes it as it is."""
    found: Write | None = kind.dialect_impl(dialect.sqlalchemy).bind_processor(dialect.sqlalchemy)
    return found


def reader(kind: Any, dialect: Dialect) -> Write | None:
    """What turns a value of the driver into one of a type; None where it is one."""
    if isinstance(kind, sa.Float | sa.types.NullType) or (isinstance(kind, sa.Numeric) and dialect.name == "postgresql"):
        return None
    found: Write | None = kind.dialect_impl(dialect.sqlalchemy).result_processor(dialect.sqlalchemy, None)
    return found


def fitting(kind: Any) -> Write | None:
    """What refuses a text that is longer than its column, which SQLite would keep; None where no length is said."""
    length = getattr(kind, "length", None)
    if length is None or not isinstance(kind, sa.String):
        return None

    def check_length(value: Any) -> Any:
        if isinstance(value, str) and len(value) > length:
            raise InvalidValue(f"A text of {len(value)} characters does not fit into {length}.")
        return value

    return check_length


class Cache:
    """Compiled statements by their shape, at most `size`; the one that was used longest ago goes first."""

    def __init__(self, size: int = 2000) -> None:
        self.size = size
        self._statements: dict[Any, Statement] = {}

    def get(self, shape: Any) -> Statement | None:
        """The statement of a shape."""
        return self._statements.get(shape)

    def put(self, shape: Any, statement: Statement) -> Statement:
        """Keep a statement."""
        if len(self._statements) >= self.size:
            for old in list(self._statements)[: self.size // 4]:
                del self._statements[old]
        self._statements[shape] = statement
        return statement

    def clear(self) -> None:
        """Forget everything."""
        self._statements.clear()
