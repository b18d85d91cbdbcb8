"""Tables: columns by name and type, sent as rows, as columns, or in Arrow's stream format."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from pydantic import ValidationError

from trine.errors import SetupError
from trine.http import JSONResponse, Response
from trine.http.representations import CSVResponse

from .arrow import STREAM_TYPE, read_stream, write_stream
from .encoded import Encoded, check_source, load, refused

DEFAULT_MAX_ROWS = 100_000


class ArrowResponse(Response):
    """A table in Arrow's stream format, which pandas, Polars and DuckDB read without copying."""

    media_type = STREAM_TYPE
    takes_objects: ClassVar[bool] = True

    def render(self, content: Any) -> bytes:
        """Write the stream."""
        import pyarrow as pa

        return write_stream(pa, content)


class Table(Encoded):
    """A table of columns: `Annotated[pa.Table, Table({"age": "int64", "name": "string"})]`.

    It is sent as a list of objects (rows), as an object of lists (columns), or as an Arrow stream. Every column must be
    there, no other may be; `nullable` names those that may have gaps.
    """

    representations = (JSONResponse, ArrowResponse, CSVResponse)

    def __init__(
        self,
        columns: Mapping[str, Any],
        *,
        nullable: Collection[str] = (),
        allow_inf_nan: bool = False,
        max_rows: int = DEFAULT_MAX_ROWS,
    ) -> None:
        self.columns = dict(columns)
        self.nullable = frozenset(nullable)
        self.allow_inf_nan = allow_inf_nan
        self.max_rows = max_rows

    @property
    def media_types(self) -> tuple[str, ...]:
        """Arrow's stream format."""
        return (STREAM_TYPE,)

    def bind(self, source: Any) -> "_TableCodec":
        """Settle the types of the columns, once and for all."""
        pa = load("pyarrow", "arrow", "Table()")
        load("pyarrow.ipc", "arrow", "Table()")
        load("pyarrow.compute", "arrow", "Table()")
        check_source(source, pa.Table, "Table")
        if not self.columns or self.nullable - self.columns.keys():
            names = ", ".join(sorted(self.nullable - self.columns.keys()))
            problem = f"names columns that it does not have: {names}" if names else "has no columns"
            raise SetupError(f"Table() {problem}.", hint='Write Table({"age": "int64"}, nullable=["age"]).')
        return _TableCodec(pa, pa.schema([self._field(pa, name) for name in self.columns]), self)

    def _field(self, pa: Any, name: str) -> Any:
        said = self.columns[name]
        try:
            kind = pa.type_for_alias(said) if isinstance(said, str) else said
            return pa.field(name, kind, nullable=name in self.nullable)
        except (ValueError, TypeError):
            raise SetupError(
                f"The column '{name}' has the type {said!r}, which Arrow does not know.", hint="Write 'int64'."
            ) from None


class _TableCodec:
    """Makes a table of the declared columns of whatever was received."""

    def __init__(self, pa: Any, fields: Any, said: Table) -> None:
        self.pa, self.fields, self.said = pa, fields, said
        self.names: list[str] = fields.names

    def encode(self, value: Any) -> Any:
        """Make a list of rows."""
        return value.to_pylist()

    def schema(self, *, sent: bool) -> dict[str, Any]:
        """Describe rows, and columns beside them where they are taken."""
        cells = {name: _cell_schema(said, nullable=name in self.said.nullable) for name, said in self.said.columns.items()}
        required = list(cells)
        row = {"type": "object", "properties": cells, "required": required, "additionalProperties": False}
        rows: dict[str, Any] = {"type": "array", "items": row, "maxItems": self.said.max_rows}
        if sent:
            return rows
        lists = {name: {"type": "array", "items": cell, "maxItems": self.said.max_rows} for name, cell in cells.items()}
        columns = {"type": "object", "properties": lists, "required": required, "additionalProperties": False}
        return {"anyOf": [rows, columns]}

    def read(self, value: Any) -> Any:
        """Make the table of rows, columns or a stream."""
        pa = self.pa
        if isinstance(value, pa.Table):
            return self._checked(value)
        if isinstance(value, bytes):
            try:
                return self._checked(read_stream(pa, value, self.said.max_rows))
            except ValidationError:
                raise
            except ValueError as error:
                raise refused("arrow_invalid", "Input should be an Arrow stream, but {reason}", reason=str(error)) from None
        if isinstance(value, list):
            return self._from_columns(self._columns_of(value))
        if isinstance(value, dict):
            return self._from_columns(value)
        raise refused("table_type", "Input should be a list of rows, an object of columns, or an Arrow stream")

    def _columns_of(self, rows: list[Any]) -> dict[str, list[Any]]:
        self._check_count(len(rows))
        names = self.names
        for index, row in enumerate(rows):
            if not isinstance(row, dict):
                raise refused("table_row", "Input should be an object", at=(index,))
            self._check_names(row, (index,))
        return {name: [row[name] for row in rows] for name in names}

    def _from_columns(self, columns: dict[str, Any]) -> Any:
        self._check_names(columns, ())
        arrays = []
        for field in self.fields:
            values = columns[field.name]
            if not isinstance(values, list):
                raise refused("list_type", "Input should be a list", at=(field.name,))
            self._check_count(len(values))
            arrays.append(self._column(field, values))
        lengths = {len(array) for array in arrays}
        if len(lengths) > 1:
            raise refused("table_ragged", "Every column should have the same length")
        return self._checked(self.pa.Table.from_arrays(arrays, schema=self.fields))

    def _column(self, field: Any, values: list[Any]) -> Any:
        kind = _word(field.type)
        wanted = _JSON_TYPES.get(kind)
        if wanted is not None:
            odd = next((index for index, item in enumerate(values) if item is not None and type(item) not in wanted), None)
            if odd is not None:
                raise refused("table_cell", "Input should be {kind}", at=(field.name, odd), kind=str(field.type))
        try:
            return self.pa.array(values, type=field.type)
        except (self.pa.ArrowException, TypeError, ValueError, OverflowError):
            raise refused("table_column", "Every value should be {kind}", at=(field.name,), kind=str(field.type)) from None

    def _checked(self, table: Any) -> Any:
        pa = self.pa
        self._check_count(table.num_rows)
        self._check_names(dict.fromkeys(table.column_names), ())
        if len(table.column_names) != len(self.fields):
            raise refused("table_names", "Every column should be there once")
        table = table.select(self.names)
        if [field.type for field in table.schema] != [field.type for field in self.fields]:
            wrong = next(field for field, said in zip(table.schema, self.fields, strict=True) if field.type != said.type)
            wanted = self.fields.field(wrong.name).type
            message = "Input should be a column of {wanted}, not of {found}"
            raise refused("table_type", message, at=(wrong.name,), wanted=str(wanted), found=str(wrong.type)[:100])
        for field in self.fields:
            if not field.nullable and table[field.name].null_count:
                raise refused("table_null", "The column should have no gaps", at=(field.name,))
            if not self.said.allow_inf_nan and pa.types.is_floating(field.type):
                finite = pa.compute.all(pa.compute.is_finite(table[field.name])).as_py()
                if finite is False:
                    raise refused("finite_number", "Every number should be finite", at=(field.name,))
        return table.cast(self.fields)

    def _check_names(self, found: Mapping[str, Any], at: tuple[int, ...]) -> None:
        wanted = self.names
        if found.keys() == set(wanted):
            return
        absent = next((name for name in wanted if name not in found), None)
        if absent is not None:
            raise refused("missing", "Field required", at=(*at, absent))
        raise refused(
            "extra_forbidden", "Extra inputs are not permitted", at=(*at, next(n for n in found if n not in wanted)[:100])
        )

    def _check_count(self, rows: int) -> None:
        if rows > self.said.max_rows:
            message = "Input should have at most {limit} rows, not {found}"
            raise refused("table_too_large", message, limit=self.said.max_rows, found=rows)


# What a cell may be in JSON: Arrow would cut a number or make one of true.
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "uint": (int,), "float": (int, float), "double": (int, float), "halffloat": (int, float),
    "bool": (bool,), "string": (str,), "large_string": (str,),
}  # fmt: skip
_SCHEMAS = {"int": "integer", "uint": "integer", "float": "number", "double": "number", "halffloat": "number", "bool": "boolean"}


def _word(kind: Any) -> str:
    """The kind of a type without its width."""
    return str(kind).rstrip("0123456789")


def _cell_schema(said: Any, *, nullable: bool) -> dict[str, Any]:
    kind = _SCHEMAS.get(_word(said), "string")
    return {"type": [kind, "null"]} if nullable else {"type": kind}
