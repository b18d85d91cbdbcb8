"""Instances from SQL that the program writes itself. Values never become a part of the text."""

import re
from collections.abc import AsyncIterator, Generator, Mapping
from typing import Any, Generic, TypeVar

from .database import Database
from .errors import FieldError
from .hydrate import Tree, write_hydrate
from .registry import registry

M = TypeVar("M")

_PLACE = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\"|::\w+)|:([A-Za-z_]\w*)")


class RawRows(Generic[M]):
    """Instances from SQL of your own. Columns that are no fields are attributes too."""

    def __init__(self, model: type[Any], sql: str, parameters: Any, database: Database) -> None:
        self.model, self.sql, self.parameters, self.database = model, sql, parameters, database

    def __await__(self) -> Generator[Any, None, list[M]]:
        return self._read().__await__()

    async def _read(self) -> list[M]:
        return await read_raw(self.model, self.sql, self.parameters, self.database)

    async def __aiter__(self) -> AsyncIterator[M]:
        for row in await self._read():
            yield row


def positioned(sql: str, parameters: Any, database: Database) -> tuple[str, list[Any]]:
    """SQL with `:name` places and a mapping, as the driver takes it; with a sequence, SQL in the driver's own words."""
    if not isinstance(parameters, Mapping):
        return sql, list(parameters)
    args: list[Any] = []
    numbers: dict[str, int] = {}
    style = database.dialect.name

    def place(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        name = match[2]
        if name not in parameters:
            raise FieldError(
                f"The SQL asks for ':{name}', and there is no such value. There are {', '.join(parameters) or 'none'}."
            )
        if style == "postgresql":
            if name not in numbers:
                args.append(parameters[name])
                numbers[name] = len(args)
            return f"${numbers[name]}"
        args.append(parameters[name])
        return "?" if style == "sqlite" else "%s"

    return _PLACE.sub(place, sql.replace("%", "%%") if style == "mysql" else sql), args


async def read_raw(model: type[Any], sql: str, parameters: Any, database: Database) -> list[Any]:
    """Instances of a model, from a statement whose columns are named like its own."""
    registry.configure()
    text, args = positioned(sql, parameters, database)
    names, rows = await database.fetch_named(text, args)
    columns: list[tuple[str, int, Any]] = []
    extras: list[tuple[str, int, Any]] = []
    by_name = {made.column.name: made for made in model.__fields__.values() if made.column is not None}
    for place, name in enumerate(names):
        made = by_name.get(name)
        if made is not None and made.column is not None:
            columns.append((made.attname, place, made.column.type))
        else:
            from sqlalchemy.types import NullType

            extras.append((name, place, NullType()))
    found = {attribute for attribute, _, _ in columns}
    missing = set(model.__keys__) - found
    if missing:
        raise FieldError(f"The SQL for {model.__name__} gives no '{min(missing)}'. Its key must be among the columns.")
    attributes = {made.attname for made in by_name.values()}
    tree = Tree(model, columns, is_partial=found != attributes)
    made_rows: list[Any] = write_hydrate(tree, extras, database.dialect, database.alias)(rows)
    return made_rows
