"""Rows as files, and back: a row a line, in the order in which foreign keys need them."""

import csv
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from trine.errors import SetupError

from .errors import did_you_mean
from .registry import registry
from .validation import field_type

BATCH = 500
LONGEST_LINE = 16 * 1024 * 1024
NULL = r"\N"
"""How NULL is written in CSV, as PostgreSQL does: an empty text is something else."""


@dataclass(frozen=True)
class Source:
    """A table that is dumped: a model's, or the one between two models, named after the relation."""

    label: str
    table: sa.Table
    model: type[Any] | None


def sources(labels: Iterable[str] = (), exclude: Iterable[str] = (), *, database: str | None = None) -> list[Source]:
    """The tables of models, packages (`shop`) or all, in the order in which they can be loaded.

    With a `database`, those that live there, and what is named one by one.
    """
    registry.configure()
    found: dict[str, Source] = {}
    homes: dict[str, str] = {}
    for model in registry:
        found[model.__table__.name] = Source(model.__label__, model.__table__, model)
        homes[model.__table__.name] = model.__options__.database
        for relation in model.__relations__.values():
            made = model.__fields__.get(relation.name)
            if relation.through is not None and relation.through_model is None and made is not None:
                found[relation.through.name] = Source(f"{model.__label__}.{relation.name}", relation.through, None)
                homes[relation.through.name] = model.__options__.database
    known = {source.label for source in found.values()} | {source.label.partition(".")[0] for source in found.values()}
    for label in [*labels, *exclude]:
        if label not in known:
            raise SetupError(f"There is no model or package '{label}'. {did_you_mean(label, known)}")
    wanted, unwanted = list(labels), list(exclude)
    ordered = [found[table.name] for table in registry.metadata.sorted_tables if table.name in found]
    if database is not None:
        ordered = [source for source in ordered if source.label in wanted or homes[source.table.name] == database]
    return [source for source in ordered if (not wanted or _is_in(source, wanted)) and not _is_in(source, unwanted)]


async def dump_json(connection: AsyncConnection, chosen: Sequence[Source], file: IO[str]) -> int:
    """Write rows as a JSON list, one a line, and give how many there were. A few hundred are in memory at a time."""
    count = 0
    file.write("[")
    for source in chosen:
        async for row in _rows(connection, source):
            text = json.dumps({"model": source.label, "fields": row}, ensure_ascii=False)
            file.write(f"{',' if count else ''}\n{text}")
            count += 1
    file.write("\n]\n")
    return count


async def dump_csv(connection: AsyncConnection, source: Source, file: IO[str]) -> int:
    """Write the rows of one table with a line of names above them."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.key for column in source.table.columns])
    count = 0
    async for row in _rows(connection, source):
        writer.writerow([NULL if value is None else _cell(value) for value in row.values()])
        count += 1
    return count


async def load(connection: AsyncConnection, rows: Iterable[tuple[Source, dict[str, Any]]]) -> int:
    """Write rows, in one transaction. A row whose key is there already is replaced. Gives how many there were."""
    count, late = 0, list[tuple[Source, dict[str, Any]]]()
    touched: dict[str, Source] = {}
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        for source, values in _by_source(batch):
            if source.label not in touched:
                await _find_table(connection, source)
            touched[source.label] = source
            loops = [column for column in source.table.columns if _refers_to_itself(column)]
            # A row may refer to one of its own table that comes later: that is filled in at the end.
            late += [(source, row) for row in values if any(row.get(str(column.key)) is not None for column in loops)]
            first = [{**row, **{str(column.key): None for column in loops if column.nullable}} for row in values]
            await connection.execute(_upsert(connection, source.table, first), first)
        count += len(batch)
    for source, row in late:
        loops = [column for column in source.table.columns if _refers_to_itself(column) and column.nullable]
        keys = [column == row[str(column.key)] for column in source.table.primary_key.columns]
        if loops:
            references = {str(column.key): row.get(str(column.key)) for column in loops}
            await connection.execute(sa.update(source.table).where(*keys).values(references))
    for source in touched.values():
        await _go_on_counting(connection, source.table)
    return count


async def _find_table(connection: AsyncConnection, source: Source) -> None:
    if not await connection.run_sync(lambda found: sa.inspect(found).has_table(source.table.name)):
        raise SetupError(
            f"There is no table '{source.table.name}' for {source.label} in this database.",
            hint="Name the database that has it with --database, or run trine migrate first.",
        )


def read_json(file: IO[str], *, max_size: int) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Read what `dump_json` wrote, a line at a time. Another layout, such as Django's, is read as a whole, up to a size."""
    by_label = {source.label.lower(): source for source in sources()}
    adapters: dict[str, Any] = {}
    for number, entry in enumerate(_entries(file, max_size), 1):
        label = entry.get("model") if isinstance(entry, dict) else None
        source = by_label.get(str(label).lower())
        if source is None or not isinstance(entry.get("fields"), dict):
            raise SetupError(f"Row {number} of {_name(file)} names no model: {str(label)[:60]!r}.")
        fields = dict(entry["fields"])
        if "pk" in entry and source.model is not None and len(source.model.__keys__) == 1:
            fields.setdefault(source.model.__keys__[0], entry["pk"])
        yield source, _checked(source, fields, adapters, f"Row {number} of {_name(file)}")


def read_csv(file: IO[str], source: Source) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Read what `dump_csv` wrote."""
    csv.field_size_limit(LONGEST_LINE)
    adapters: dict[str, Any] = {}
    for number, row in enumerate(csv.DictReader(file), 2):
        if None in row or None in row.values():
            raise SetupError(f"Line {number} of {_name(file)} has not as many values as the first line has names.")
        fields = {name: None if text == NULL else _opened(source, name, text) for name, text in row.items()}
        yield source, _checked(source, fields, adapters, f"Line {number} of {_name(file)}")


# Rows --------------------------------------------------------------------------------------------------------------


async def _rows(connection: AsyncConnection, source: Source) -> AsyncIterator[dict[str, Any]]:
    columns = [column for column in source.table.columns if column.computed is None]
    statement = sa.select(*columns).order_by(*source.table.primary_key.columns)
    names = [str(column.key) for column in columns]
    async with connection.stream(statement.execution_options(yield_per=BATCH)) as result:
        async for row in result:
            yield {name: to_jsonable_python(value) for name, value in zip(names, row, strict=True)}


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _opened(source: Source, name: str, text: str) -> Any:
    """JSON where the column holds it; everything else is text that its type reads."""
    column = source.table.columns.get(name)
    kind = getattr(getattr(column, "type", None), "impl_instance", None)
    if isinstance(kind, sa.JSON):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _entries(file: IO[str], max_size: int) -> Iterator[Any]:
    first, second = file.readline(LONGEST_LINE), file.readline(LONGEST_LINE)
    if first.strip() == "[" and _is_whole(second):
        for line in chain([second], iter(lambda: file.readline(LONGEST_LINE), "")):
            text = line.strip().rstrip(",")
            if text and text != "]":
                yield _parsed(text, file)
        return
    whole = first + second + file.read(max_size)
    if len(whole) > max_size:
        raise SetupError(
            f"{_name(file)} is larger than {max_size} characters, and not written a row a line.", hint="Say --max-size."
        )
    entries = _parsed(whole, file)
    yield from entries if isinstance(entries, list) else [entries]


def _is_whole(line: str) -> bool:
    """Whether a line holds a row, or the end of the list."""
    try:
        return line.strip() == "]" or isinstance(json.loads(line.strip().rstrip(",")), dict)
    except ValueError:
        return False


def _parsed(text: str, file: IO[str]) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{_name(file)} is no JSON: {error}.") from error


def _checked(source: Source, fields: dict[str, Any], adapters: dict[str, Any], where: str) -> dict[str, Any]:
    """The values as the columns take them. Raises for names that are none and values that do not fit."""
    columns = {str(column.key): column for column in source.table.columns if column.computed is None}
    aliases = {} if source.model is None else {made.name: made.attname for made in source.model.__fields__.values()}
    values: dict[str, Any] = {}
    for name, value in fields.items():
        key = aliases.get(name, name)
        if key not in columns:
            raise SetupError(f"{where}: {source.label} has no column '{name[:60]}'. {did_you_mean(name, columns)}")
        values[key] = _read(source, key, value, adapters, where)
    return values


def _read(source: Source, key: str, value: Any, adapters: dict[str, Any], where: str) -> Any:
    if value is None:
        return None
    name = f"{source.label} {key}"
    if name not in adapters:
        made = (
            None
            if source.model is None
            else next((f for f in source.model.__fields__.values() if f.attname == key and f.column is not None), None)
        )
        column = source.table.columns[key]
        adapters[name] = TypeAdapter(field_type(made) if made is not None else _plain(column))
    try:
        return adapters[name].validate_python(value) if not isinstance(value, str) else _from_text(adapters[name], value)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise SetupError(f"{where}: {source.label}.{key} is {value!r:.60}, but {said[0].lower()}{said[1:]}.") from error


def _from_text(adapter: Any, value: str) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return adapter.validate_strings(value)


def _plain(column: sa.Column[Any]) -> Any:
    return getattr(column.type, "impl_instance", column.type).python_type


def _by_source(batch: Iterable[tuple[Source, dict[str, Any]]]) -> Iterator[tuple[Source, list[dict[str, Any]]]]:
    """Rows of one table with the same columns together, in their order."""
    current: tuple[Source, list[dict[str, Any]]] | None = None
    for source, row in batch:
        if current is not None and current[0] is source and current[1][0].keys() == row.keys():
            current[1].append(row)
            continue
        if current is not None:
            yield current
        current = (source, [row])
    if current is not None:
        yield current


def _upsert(connection: AsyncConnection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> Any:
    keys = [str(column.key) for column in table.primary_key.columns]
    changed = [name for name in rows[0] if name not in keys]
    if connection.dialect.name == "mysql":
        insert: Any = mysql.insert(table)
        same = changed or keys[:1]
        return insert.on_duplicate_key_update({table.c[name].name: insert.inserted[table.c[name].name] for name in same})
    made: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    if not all(key in rows[0] for key in keys):
        return made
    where = [table.c[key] for key in keys]
    if not changed:
        return made.on_conflict_do_nothing(index_elements=where)
    return made.on_conflict_do_update(
        index_elements=where, set_={table.c[name].name: made.excluded[table.c[name].name] for name in changed}
    )


async def _go_on_counting(connection: AsyncConnection, table: sa.Table) -> None:
    """Let PostgreSQL count on behind the keys that were loaded; the others do so by themselves."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    quoted = connection.dialect.identifier_preparer.format_table(table)
    sequence = sa.func.pg_get_serial_sequence(quoted, column.name)
    largest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
    await connection.execute(sa.select(sa.func.setval(sequence, largest, False)))  # noqa: FBT003 - of setval()


def _refers_to_itself(column: sa.Column[Any]) -> bool:
    return any(key.column.table is column.table for key in column.foreign_keys)


def _is_in(source: Source, labels: Sequence[str]) -> bool:
    package = source.label.partition(".")[0]
    return any(label in (package, source.label) or source.label.startswith(f"{label}.") for label in labels)


def _name(file: IO[str]) -> str:
    return str(getattr(file, "name", "the file"))
