"""What changes rows: inserts and updates of instances, one or many at a time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .errors import DoesNotExist, FieldError, IntegrityError
from .expressions import Expression
from .fields import MISSING
from .homes import HOME
from .registry import registry
from .scope import Parameter, column_of, unknown_name
from .statements import Statement, compile_statement, fitting, reader
from .transaction import atomic

if TYPE_CHECKING:
    from .database import Database

_MOST_VALUES = 30_000
"""So many values one statement takes everywhere."""


def complete(instance: Any, *, is_new: bool) -> None:
    """Fill in what is made at each save, and the defaults of a new row."""
    model = type(instance)
    for made in model.__renewed__:
        if not is_new or made.attname not in instance.__dict__:
            setattr(instance, made.attname, made.options.on_update())
    for made in model.__with_defaults__ if is_new else ():
        if made.attname not in instance.__dict__ and (value := made.make_default()) is not MISSING:
            setattr(instance, made.attname, value)


def _attributes(instance: Any) -> tuple[str, ...]:
    """The attributes of a new row that have a value to be written."""
    values, model = instance.__dict__, type(instance)
    names = []
    for name, may_be_absent, none_is_absent in model.__written__:
        value = values.get(name, MISSING)
        if value is MISSING:
            if not may_be_absent:
                raise FieldError(f"{model.__name__}.{_name_of(model, name)} has no value, and no default.")
        elif value is not None or not none_is_absent:
            names.append(name)
    return tuple(names)


def _name_of(model: type[Any], attname: str) -> str:
    return next(str(made.name) for made in model.__fields__.values() if made.attname == attname)


def _returned(model: type[Any], names: Sequence[str]) -> list[sa.Column[Any]]:
    """The columns whose values the database makes: those are read back."""
    return [
        made.column
        for made in model.__fields__.values()
        if made.column is not None and made.attname not in names and (made.has_default or made.is_null)
    ]


def insert_statement(model: type[Any], names: tuple[str, ...], database: "Database") -> Statement:
    """The INSERT of one row with values for some attributes."""
    key = ("insert", model, names)
    found = database.statements.get(key)
    if found is not None:
        return found
    registry.configure()
    table, dialect = model.__table__, database.dialect
    parameters: dict[str, Parameter] = {}
    values = {}
    for at, name in enumerate(names):
        column = table.columns[name]
        parameters[f"p{at}"] = Parameter(at, fitting(column.type), column.type, f"{model.__name__}.{name}")
        values[column] = sa.bindparam(f"p{at}", type_=column.type)
    # Without its defaults, which are filled in before.
    plain = sa.table(table.name, *(sa.column(column.name, column.type) for column in table.columns), schema=table.schema)
    clause = sa.insert(plain).values({plain.c[column.name]: value for column, value in values.items()})
    returned = _returned(model, names)
    if dialect.has_returning and returned:
        clause = clause.returning(*(plain.c[column.name] for column in returned))
    if not values:
        empty = "() VALUES ()" if dialect.name == "mysql" else "DEFAULT VALUES"
        quoted = dialect.sqlalchemy.identifier_preparer.format_table(table)
        back = ", ".join(dialect.sqlalchemy.identifier_preparer.quote(column.name) for column in returned)
        statement = Statement(f"INSERT INTO {quoted} {empty}" + (f" RETURNING {back}" if dialect.has_returning else ""), ())
    else:
        statement = compile_statement(clause, dialect, parameters)
    statement.hydrate = [(str(column.key), reader(column.type, dialect)) for column in returned]
    return database.statements.put(key, statement)


async def insert(instance: Any, database: "Database") -> None:
    """Insert an instance as a new row, and read back what the database has made."""
    complete(instance, is_new=True)
    model = type(instance)
    names = _attributes(instance)
    statement = insert_statement(model, names, database)
    values = instance.__dict__
    args = statement.bind([values[name] for name in names])
    if not statement.hydrate:
        await database.run(statement.sql, args)
    elif database.dialect.has_returning:
        rows = await database.fetch(statement.sql, args, writes=True)
        for (name, read), value in zip(statement.hydrate, rows[0], strict=True):
            values[name] = value if read is None else read(value)
    else:
        counted = await database.insert(statement.sql, args)
        await _read_back(instance, [name for name, _ in statement.hydrate], counted, database)
    mark_saved(instance)


async def _read_back(instance: Any, names: Sequence[str], counted: Any, database: "Database") -> None:
    model = type(instance)
    for made in model.__fields__.values():
        if made.is_auto and made.attname in names:
            instance.__dict__[made.attname] = counted
    left = [name for name in names if name not in instance.__dict__]
    made_there = [name for name in left if not _is_plain_null(model, name)]
    for name in left:
        instance.__dict__[name] = None
    if made_there:
        from .querysets import QuerySet

        found = await QuerySet(model).using(database).filter(pk=instance.pk).values_list(*made_there)
        instance.__dict__.update(zip(made_there, found[0], strict=True))


def _is_plain_null(model: type[Any], name: str) -> bool:
    made = next(made for made in model.__fields__.values() if made.attname == name)
    return made.options.db_default is MISSING and not made.is_generated


def mark_saved(instance: Any) -> None:
    """Tell SQLAlchemy that an instance is what the database has."""
    values = instance.__dict__
    state = values["_sa_instance_state"]
    model = type(instance)
    keys = model.__keys__
    state.key = (model, (values[keys[0]],) if len(keys) == 1 else tuple([values[name] for name in keys]), None)
    state._commit_all(values)


def changed_attributes(instance: Any) -> list[str]:
    """The attributes that differ from the row: those that were set, and those whose values can be changed in place."""
    model, values = type(instance), instance.__dict__
    committed = instance._sa_instance_state.committed_state
    names = []
    for made in model.__fields__.values():
        name = made.attname
        if made.column is None or made.is_generated or name not in values or (made.primary_key and name not in committed):
            continue
        if name in committed or isinstance(values[name], list | dict | set) or hasattr(values[name], "model_fields"):
            names.append(name)
    return names


async def update(instance: Any, database: "Database", fields: Sequence[str] | None) -> None:
    """Write what has changed of an instance, or some fields of it."""
    model = type(instance)
    names = changed_attributes(instance) if fields is None else _named(model, fields)
    if not names:
        return
    complete(instance, is_new=False)
    names += [name for name in _renewed(model) if name not in names]
    from .querysets import QuerySet

    key = instance._sa_instance_state.key[1]
    rows: QuerySet[Any] = QuerySet(model).using(database).filter(**dict(zip(model.__keys__, key, strict=True)))
    extra = tuple((name, instance.__dict__[name]) for name in names)
    statement, values = rows._with(_order=())._statement("update", database, extra)
    count = await database.run(statement.sql, statement.bind(values))
    if not count:
        raise model.DoesNotExist(f"{instance!r} is not in the database any more.")
    computed = [made.attname for made in model.__fields__.values() if made.is_generated]
    computed += [name for name in names if isinstance(instance.__dict__[name], Expression)]
    if computed:
        found = await QuerySet(model).using(database).filter(pk=instance.pk).values_list(*computed)
        instance.__dict__.update(zip(computed, found[0], strict=True))
    mark_saved(instance)


def _renewed(model: type[Any]) -> list[str]:
    """The attributes that have a new value at every save."""
    return [made.attname for made in model.__renewed__]


def _named(model: type[Any], fields: Sequence[str]) -> list[str]:
    names = []
    for name in fields:
        column = column_of(model, name)
        if column is None:
            raise unknown_name(model, name, name, {})
        names.append(str(column.key))
    return names


# Many at a time -----------------------------------------------------------------------------------------------------


async def bulk_create(rows: Any, instances: Sequence[Any], batch_size: int | None, conflicts: tuple[Any, ...]) -> None:
    """Insert instances, in as few statements as the database takes."""
    model, database = rows.model, rows.database
    if model.__changes__ is None:
        await _insert_all(model, database, instances, batch_size, conflicts)
    else:
        from .history import keep_changes, refuse_conflicts

        refuse_conflicts(model, conflicts)
        await keep_changes(
            model, database, (), lambda: _insert_all(model, database, instances, batch_size, conflicts), made=instances
        )
    if database.alias != model.__options__.database:
        for instance in instances:
            instance.__dict__[HOME] = database.alias


async def _insert_all(
    model: type[Any], database: "Database", instances: Sequence[Any], batch_size: int | None, conflicts: tuple[Any, ...]
) -> None:
    groups: dict[tuple[str, ...], list[Any]] = {}
    for instance in instances:
        if not isinstance(instance, model):
            raise FieldError(f"bulk_create() of {model.__name__} got {instance!r}.")
        complete(instance, is_new=True)
        groups.setdefault(_attributes(instance), []).append(instance)
    batches = [
        (names, batch)
        for names, group in groups.items()
        for batch in _batches(group, batch_size or max(1, _MOST_VALUES // max(1, len(names))))
    ]
    if len(batches) == 1:
        await _insert_batch(*batches[0], database, conflicts)
        return
    async with atomic(database):
        for names, batch in batches:
            await _insert_batch(names, batch, database, conflicts)


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _insert_batch(names: tuple[str, ...], batch: Sequence[Any], database: "Database", conflicts: tuple[Any, ...]) -> None:
    model = type(batch[0])
    one = insert_statement(model, names, database)
    values = one.bind_all([[mine[name] for name in names] for mine in [instance.__dict__ for instance in batch]])
    ignores, updates = conflicts[0], conflicts[1]
    statement = _many_statement(model, names, len(batch), one, database, conflicts)
    if ignores or updates or not one.hydrate:
        await database.run(statement.sql, values)
        if not ignores and not updates:
            for instance in batch:
                mark_saved(instance)
        return
    if database.dialect.has_returning:
        found = await database.fetch(statement.sql, values, writes=True)
        for instance, row in zip(batch, found, strict=True):
            values_of = instance.__dict__
            for at, (name, read) in enumerate(one.hydrate):
                values_of[name] = row[at] if read is None else read(row[at])
            mark_saved(instance)
        return
    first = await database.insert(statement.sql, values)
    for number, instance in enumerate(batch):
        # The keys of one INSERT follow each other.
        await _read_back(instance, [name for name, _ in one.hydrate], first + number, database)
        mark_saved(instance)


_NUMBERED = re.compile(r"\$(\d+)")


def _moved(group: str, by: int) -> str:
    """The places of another row, where places have numbers: PostgreSQL's."""
    return _NUMBERED.sub(lambda place: f"${int(place[1]) + by}", group)


def _many_statement(
    model: type[Any], names: tuple[str, ...], count: int, one: Statement, database: "Database", conflicts: tuple[Any, ...]
) -> Statement:
    key = ("insert many", model, names, count, conflicts)
    found = database.statements.get(key)
    if found is not None:
        return found
    dialect = database.dialect
    quote = dialect.sqlalchemy.identifier_preparer.quote
    table = model.__table__
    columns = [table.columns[name] for name in names]
    if not names:
        raise FieldError(f"bulk_create() needs a value for at least one field of {model.__name__}.")
    head, _, rest = one.sql.partition("VALUES (")
    group, _, _ = rest.rpartition(")") if " RETURNING " not in rest else rest.partition(" RETURNING ")[0].rpartition(")")
    back = f" RETURNING {one.sql.rpartition(' RETURNING ')[2]}" if " RETURNING " in one.sql else ""
    groups = [f"({_moved(group, number * len(names))})" for number in range(count)]
    ignores, updates, update_fields, unique_fields = conflicts
    tail = "" if ignores or updates else back
    if ignores:
        tail = " ON CONFLICT DO NOTHING"
        if dialect.name == "mysql":
            head, tail = head.replace("INSERT INTO", "INSERT IGNORE INTO", 1), ""
    elif updates:
        tail = _on_conflict(model, columns, update_fields, unique_fields, dialect, quote)
    return database.statements.put(key, Statement(f"{head}VALUES {', '.join(groups)}{tail}", ()))


def _on_conflict(
    model: type[Any], columns: Sequence[Any], update_fields: Sequence[str], unique_fields: Sequence[str], dialect: Any, quote: Any
) -> str:
    updated = [model.__table__.columns[name] for name in _named(model, update_fields)] or columns
    if dialect.name == "mysql":
        return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{quote(c.name)} = VALUES({quote(c.name)})" for c in updated)
    if not unique_fields:
        raise FieldError("bulk_create(update_conflicts=True) needs unique_fields: those of the constraint that may be hit.")
    unique = ", ".join(quote(model.__table__.columns[name].name) for name in _named(model, unique_fields))
    return f" ON CONFLICT ({unique}) DO UPDATE SET " + ", ".join(f"{quote(c.name)} = excluded.{quote(c.name)}" for c in updated)


async def bulk_update(rows: Any, instances: Sequence[Any], fields: Sequence[str], batch_size: int | None) -> int:
    """Write fields of instances, each row by its key, in one transaction."""
    model, database = rows.model, rows.database
    names = _named(model, fields)
    if not names:
        raise FieldError("bulk_update() names no field.")
    if any(name in model.__keys__ for name in names):
        raise FieldError("bulk_update() cannot change keys.")
    if not instances:
        return 0
    names += [name for name in _renewed(model) if name not in names]
    for instance in instances:
        complete(instance, is_new=False)
    table, dialect = model.__table__, database.dialect
    parameters: dict[str, Parameter] = {}
    binds = {}
    for at, name in enumerate([*names, *model.__keys__]):
        column = table.columns[name]
        parameters[f"p{at}"] = Parameter(at, fitting(column.type), column.type, f"{model.__name__}.{name}")
        binds[name] = sa.bindparam(f"p{at}", type_=column.type)
    clause = sa.update(table).values({table.columns[name]: binds[name] for name in names})
    clause = clause.where(*(table.columns[name] == binds[name] for name in model.__keys__))
    statement = compile_statement(clause, dialect, parameters)

    async def write() -> None:
        for batch in _batches(instances, batch_size or 1000):
            bound = [statement.bind([instance.__dict__[name] for name in (*names, *model.__keys__)]) for instance in batch]
            await database.run_many(statement.sql, bound)

    async with atomic(database):
        if model.__changes__ is None:
            await write()
        else:
            from .history import keep_changes

            await keep_changes(model, database, [instance.pk for instance in instances], write)
    for instance in instances:
        mark_saved(instance)
    return len(instances)


# One, found or made -------------------------------------------------------------------------------------------------


async def get_or_create(rows: Any, defaults: Mapping[str, Any] | None, lookups: Mapping[str, Any]) -> tuple[Any, bool]:
    """The row that fits, else a new one."""
    try:
        return await rows.get(**lookups), False
    except rows.model.DoesNotExist:
        pass
    values = {name: value for name, value in lookups.items() if "__" not in name} | _made(defaults)
    try:
        async with atomic(rows.database):
            return await rows.create(**values), True
    except IntegrityError:
        # Somebody else was faster, or the values break another constraint: then there is still no such row.
        try:
            return await rows.get(**lookups), False
        except DoesNotExist:
            pass
        raise


def _made(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value() if callable(value) and not isinstance(value, type) else value for name, value in (values or {}).items()}


async def update_or_create(
    rows: Any, defaults: Mapping[str, Any] | None, create_defaults: Mapping[str, Any] | None, lookups: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Change the row that fits, else make one."""
    async with atomic(rows.database):
        instance, is_new = await get_or_create(
            rows.select_for_update(), defaults if create_defaults is None else create_defaults, lookups
        )
        if not is_new:
            for name, value in _made(defaults).items():
                setattr(instance, name, value)
            await instance.save(using=rows.database)
        return instance, is_new
