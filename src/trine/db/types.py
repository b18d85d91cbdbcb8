"""Column types that mean the same on every database: times with their zone, decimals, enumerations, JSON, arrays, vectors."""

import datetime
import enum
import json
import struct
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, UserDefinedType

from .errors import InvalidValue

_UTC = datetime.UTC


class UTCDateTime(TypeDecorator[datetime.datetime]):
    """A point in time, with its zone. It comes back in UTC; a naive one is refused, because nobody knows when it was."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Text in SQLite, whose order is that of time; microseconds in MySQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(26))
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Turn the time into UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            value = _parsed(value)
        if not isinstance(value, datetime.datetime):
            raise InvalidValue(f"{value!r} is no point in time.")
        if value.tzinfo is None:
            raise InvalidValue(
                f"{value!r} has no time zone. Write datetime.now(UTC), or add tzinfo; field(timezone=False) keeps naive times."
            )
        value = value.astimezone(_UTC)
        if dialect.name == "sqlite":
            return value.replace(tzinfo=None).isoformat(" ", "microseconds")
        return value.replace(tzinfo=None) if dialect.name == "mysql" else value

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Any:
        """Give the time back in UTC. PostgreSQL's driver does it itself."""
        if dialect.name == "sqlite":
            parse = datetime.datetime.fromisoformat

            def read_text(value: str | None) -> datetime.datetime | None:
                return None if value is None else parse(value + "+00:00" if len(value) < 27 else value)

            return read_text
        if dialect.name == "mysql":
            return lambda value: None if value is None else value.replace(tzinfo=_UTC)
        return None


def _parsed(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{text[:60]!r} is no point in time.") from None


class NaiveDateTime(TypeDecorator[datetime.datetime]):
    """A date and a time of day without a zone: `field(timezone=False)`."""

    impl = sa.DateTime(timezone=False)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Keep microseconds in MySQL."""
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=False))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Refuse a time with a zone, which would be lost."""
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            raise InvalidValue(f"{value!r} has a time zone, and this field keeps none.")
        return value


class Integer(TypeDecorator[int]):
    """A whole number of 64 bits; `bits` may say fewer. Text is refused, so that nothing is compared by accident."""

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, bits: int = 64) -> None:
        self.bits = bits
        super().__init__()

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """SQLite counts keys only in a column that is called INTEGER."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Integer())
        kind = {16: sa.SmallInteger, 32: sa.Integer}.get(self.bits, sa.BigInteger)
        return dialect.type_descriptor(kind())

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """Check the number before the driver does, so that the message can say what was wrong."""
        largest = 2 ** (self.bits - 1)

        def check_integer(value: Any) -> Any:
            if type(value) is int:
                if -largest <= value < largest:
                    return value
                raise InvalidValue(f"{_short(value)} does not fit into {self.bits} bits.")
            if value is None or isinstance(value, bool | int):
                return None if value is None else int(value)
            if isinstance(value, float | Decimal) and value == int(value):
                return check_integer(int(value))
            raise InvalidValue(f"{_short(value)} is no whole number.")

        return check_integer

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Any:
        """Drivers give whole numbers."""
        return None


class Number(TypeDecorator[Decimal]):
    """An exact decimal number. SQLite keeps fifteen digits exactly, and more are refused there."""

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None) -> None:
        self.precision, self.scale = precision, scale
        super().__init__(precision, scale)

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """A number in SQLite, which has no decimals of its own."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Numeric(self.precision, self.scale, asdecimal=False))
        return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """Take decimals and whole numbers; a float only as what it reads like."""
        is_sqlite, scale = dialect.name == "sqlite", self.scale
        whole = None if self.precision is None else 10 ** (self.precision - (scale or 0))

        def write_number(value: Any) -> Any:
            if value is None:
                return None
            try:
                number = value if isinstance(value, Decimal) else Decimal(str(value))
            except ArithmeticError:
                raise InvalidValue(f"{_short(value)} is no number.") from None
            if not number.is_finite():
                raise InvalidValue(f"{number} is not finite.")
            if whole is not None and abs(number) >= whole:
                raise InvalidValue(f"{_short(number)} has more than {self.precision} digits.")
            if not is_sqlite:
                return number
            if scale is not None:
                number = round(number, scale)
            if len(number.normalize().as_tuple().digits) > 15:
                raise InvalidValue(f"{_short(number)} has more digits than the 15 that SQLite keeps exactly.")
            return float(number)

        return write_number

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Any:
        """Give a decimal with as many places as the field has."""
        if dialect.name != "sqlite":
            return None
        unit = None if self.scale is None else Decimal(1).scaleb(-self.scale)

        def read_number(value: Any) -> Decimal | None:
            if value is None:
                return None
            number = Decimal(repr(value))
            return number if unit is None else number.quantize(unit)

        return read_number


class EnumValue(TypeDecorator[enum.Enum]):
    """A member of an enumeration, kept as its value."""

    impl = sa.String
    cache_ok = True

    def __init__(self, kind: type[enum.Enum]) -> None:
        self.kind = kind
        values = [member.value for member in kind]
        self.is_number = all(isinstance(value, int) for value in values)
        self.length = max(32, *(len(str(value)) for value in values))
        super().__init__()

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """A number where every value is one, else text."""
        return dialect.type_descriptor(sa.Integer() if self.is_number else sa.String(self.length))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Take a member, or the value of one."""
        if value is None:
            return None
        try:
            return self.kind(value).value
        except ValueError:
            values = ", ".join(repr(member.value) for member in self.kind)
            raise InvalidValue(f"{_short(value)} is none of {values}.") from None

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Give the member."""
        return None if value is None else self.kind(value)


class JSON(TypeDecorator[Any]):
    """Anything that JSON can say: JSONB on PostgreSQL. With a type, values are validated when they are read."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: Any = None) -> None:
        self.kind = kind
        self._adapter: TypeAdapter[Any] | None = None
        super().__init__()

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """JSONB on PostgreSQL, which can be searched and indexed."""
        kind = postgresql.JSONB(none_as_null=True) if dialect.name == "postgresql" else sa.JSON(none_as_null=True)
        return dialect.type_descriptor(kind)

    @property
    def adapter(self) -> TypeAdapter[Any] | None:
        """What validates values, None where anything goes."""
        if self.kind is not None and self._adapter is None:
            self._adapter = TypeAdapter(self.kind)
        return self._adapter

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Turn models into plain values."""
        return value if self.adapter is None or value is None else self.adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Make models of plain values."""
        return value if self.adapter is None or value is None else self.adapter.validate_python(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare with what JSON is compared with."""
        return self.impl_instance.coerce_compared_value(op, value)


class Array(TypeDecorator[list[Any]]):
    """A list of values of one type: an array on PostgreSQL, JSON elsewhere."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, item: Any) -> None:
        self.item = item
        super().__init__()

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """An array on PostgreSQL."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self.item))
        return dialect.type_descriptor(sa.JSON(none_as_null=True))

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """Write the list, each value as its own type writes it."""
        write = self.item.dialect_impl(dialect).bind_processor(dialect)
        is_array = dialect.name == "postgresql"

        def write_array(value: Any) -> Any:
            if value is None:
                return None
            items = list(value) if write is None else [write(item) for item in value]
            return items if is_array else json.dumps(items)

        return write_array

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Any:
        """Read the list, each value as its own type reads it."""
        read = self.item.dialect_impl(dialect).result_processor(dialect, None)
        is_array = dialect.name == "postgresql"

        def read_array(value: Any) -> Any:
            if value is None:
                return None
            items = value if is_array else json.loads(value)
            return list(items) if read is None else [read(item) for item in items]

        return read_array


class _PGVector(UserDefinedType[Any]):
    cache_ok = True

    def __init__(self, dimensions: int | None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **options: Any) -> str:
        return "VECTOR" if self.dimensions is None else f"VECTOR({self.dimensions})"


class Vector(TypeDecorator[list[float]]):
    """A vector of numbers for similarity: pgvector on PostgreSQL, 32-bit floats in a blob elsewhere."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions
        super().__init__()

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """The type of pgvector on PostgreSQL."""
        kind: Any = _PGVector(self.dimensions) if dialect.name == "postgresql" else sa.LargeBinary()
        return dialect.type_descriptor(kind)

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """Write the numbers. A vector of another length is refused."""
        as_text = dialect.name == "postgresql"

        def write_vector(value: Sequence[float] | None) -> Any:
            if value is None:
                return None
            numbers = [float(number) for number in value]
            if self.dimensions is not None and len(numbers) != self.dimensions:
                raise InvalidValue(f"A vector of {len(numbers)} numbers does not fit a field of {self.dimensions}.")
            if not all(map(isfinite, numbers)):
                raise InvalidValue("A vector has a number that is not finite.")
            return f"[{','.join(map(repr, numbers))}]" if as_text else struct.pack(f"<{len(numbers)}f", *numbers)

        return write_vector

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Any:
        """Read the numbers."""
        if dialect.name == "postgresql":
            return lambda text: text if text is None or isinstance(text, list) else json.loads(text)
        return lambda blob: None if blob is None else list(struct.unpack(f"<{len(blob) // 4}f", blob))


class Distance(sa.Double[float]):
    """How far vectors are apart."""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
