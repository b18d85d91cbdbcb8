"""What stands in an instance for its relations: one row or many, once they were read. No `async` program reads them unawares."""

import asyncio
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import sqlalchemy as sa

from .database import Database, find_database
from .errors import FieldError, NotLoaded
from .homes import HOME, home_of
from .prefetch import LOADED, is_loaded, load, loaded_rows, peers_of
from .querysets import QuerySet
from .relations import Relation
from .scope import Parameter
from .signals import m2m_changed
from .statements import compile_statement
from .sync import run_sync
from .transaction import atomic

T = TypeVar("T")


class OneAttribute:
    """A relation to one row, as an attribute."""

    def __init__(self, relation: Relation, original: Any) -> None:
        self.relation = relation
        self.original = original

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None:
            return self.original
        relation = self.relation
        try:
            return instance.__dict__[relation.name]
        except KeyError:
            pass
        state = instance._sa_instance_state
        if state.session_id is not None:
            return self.original.__get__(instance, owner)
        if relation.origin == "foreign_key" and instance.__dict__.get(relation.attname, _UNSET) is None:
            return None
        if state.key is None and relation.origin != "foreign_key":
            return None
        if _on_loop():
            raise NotLoaded(_remedy(instance, relation))
        run_sync(load(instance, [relation.name]))
        return instance.__dict__[relation.name]

    def __set__(self, instance: Any, value: Any) -> None:
        relation = self.relation
        if value is not None and not isinstance(value, relation.target):
            raise FieldError(
                f"{type(instance).__name__}.{relation.name} is a {relation.target.__name__}, and got {value!r}."
                f" For a key, set {relation.attname}."
                if relation.origin == "foreign_key"
                else f"{value!r} is no {relation.target.__name__}."
            )
        if relation.origin != "foreign_key":
            raise FieldError(f"{type(instance).__name__}.{relation.name} is set on the other side: {relation.reverse_name}.")
        self.original.__set__(instance, value)
        setattr(instance, relation.attname, None if value is None else getattr(value, str(relation.remote.key)))

    def __delete__(self, instance: Any) -> None:
        instance.__dict__.pop(self.relation.name, None)


class KeyAttribute:
    """The column of a foreign key: setting it forgets the row that was read for the old one."""

    def __init__(self, relation: Relation, original: Any) -> None:
        self.relation = relation
        self.original = original

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None:
            return self.original
        try:
            return instance.__dict__[self.original.key]
        except KeyError:
            return self.original.__get__(instance, owner)

    def __set__(self, instance: Any, value: Any) -> None:
        related = instance.__dict__.get(self.relation.name)
        if related is not None and getattr(related, str(self.relation.remote.key)) != value:
            del instance.__dict__[self.relation.name]
        self.original.__set__(instance, value)

    def __delete__(self, instance: Any) -> None:
        self.original.__delete__(instance)


class ManyAttribute:
    """A relation to many rows, as an attribute."""

    def __init__(self, relation: Relation, original: Any) -> None:
        self.relation = relation
        self.original = original

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if instance is None:
            return self.original
        rows = loaded_rows(instance, self.relation.name)
        return Many(instance, self.relation) if rows is None else ManyRead(instance, self.relation, rows)

    def __set__(self, instance: Any, value: Any) -> None:
        raise FieldError(
            f"{type(instance).__name__}.{self.relation.name} relates to many rows. "
            f"Write: await {type(instance).__name__.lower()}.{self.relation.name}.set([...])"
        )


class Many(Generic[T]):
    """The rows of a relation to many: a list once they were read, and a way to read and change them.

    `await article.tags` reads them for all articles of the same query, and gives the list. `article.tags.filter(...)` asks for
    some of them; `add`, `remove`, `set`, `clear` and `create` change the relation in the database at once.
    """

    def __init__(self, instance: Any, relation: Relation) -> None:
        self._instance = instance
        self._relation = relation

    # A list, once read ------------------------------------------------------------------------------------------

    @property
    def is_loaded(self) -> bool:
        """Whether the rows were read."""
        return is_loaded(self._instance, self._relation)

    def _rows(self) -> list[T]:
        rows = loaded_rows(self._instance, self._relation.name)
        if rows is not None:
            return rows
        if _on_loop():
            raise NotLoaded(_remedy(self._instance, self._relation))
        run_sync(load(self._instance, [self._relation.name]))
        return loaded_rows(self._instance, self._relation.name) or []

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._load().__await__()

    async def _load(self) -> list[T]:
        if not self.is_loaded:
            await load(self._instance, [self._relation.name])
        return loaded_rows(self._instance, self._relation.name) or []

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def __bool__(self) -> bool:
        return bool(self._rows())

    def __contains__(self, row: object) -> bool:
        return row in self._rows()

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: Any) -> Any:
        return self._rows()[place]

    def __repr__(self) -> str:
        if self.is_loaded:
            return repr(self._rows())
        return f"<{self._relation.target.__name__} rows of {self._instance!r}, not read>"

    # Rows that are asked for ------------------------------------------------------------------------------------

    def all(self) -> QuerySet[T]:
        """The related rows, as a query."""
        relation, instance = self._relation, self._instance
        key = getattr(instance, relation.attname)
        if key is None:
            raise FieldError(f"{instance!r} was not saved, so nothing can be related to it. Save it first.")
        rows: QuerySet[T] = relation.target.objects
        if HOME in instance.__dict__:
            rows = rows.using(home_of(instance))
        if relation.origin == "reverse":
            return rows.filter(**{str(relation.remote.key): key})
        return rows.filter(**{str(relation.reverse_name): key})

    def filter(self, *conditions: Any, **lookups: Any) -> QuerySet[T]:
        """Some of the related rows."""
        return self.all().filter(*conditions, **lookups)

    def exclude(self, *conditions: Any, **lookups: Any) -> QuerySet[T]:
        """The related rows but some."""
        return self.all().exclude(*conditions, **lookups)

    def order_by(self, *fields: Any) -> QuerySet[T]:
        """The related rows in an order."""
        return self.all().order_by(*fields)

    async def count(self) -> int:
        """How many there are."""
        return len(self._rows()) if self.is_loaded else await self.all().count()

    async def exists(self) -> bool:
        """Whether there is one."""
        return bool(self._rows()) if self.is_loaded else await self.all().exists()

    async def first(self) -> T | None:
        """The first one."""
        return await self.all().first()

    async def get(self, *conditions: Any, **lookups: Any) -> T:
        """The one that fits."""
        return await self.all().get(*conditions, **lookups)

    # Changing ---------------------------------------------------------------------------------------------------

    async def create(self, **values: Any) -> T:
        """Make a row that is related."""
        relation, instance = self._relation, self._instance
        if relation.origin == "reverse":
            values[str(relation.remote.key)] = getattr(instance, relation.attname)
        async with atomic(_database(instance)):
            made: T = await QuerySet(relation.target).using(_database(instance)).create(**values)
            if relation.origin == "through":
                await self.add(made)
        self._forget()
        return made

    async def add(self, *rows: T | Any, **through: Any) -> None:
        """Relate rows, given as instances or keys. What is related already stays; `through` are values of the model between."""
        relation, instance = self._relation, self._instance
        keys = self._keys(rows)
        if not keys:
            return
        database = _database(instance)
        near_key = self._near_key()
        if relation.origin == "reverse":
            await QuerySet(relation.target).using(database).filter(pk__in=keys).update(**{str(relation.remote.key): near_key})
        else:
            await _insert_pairs(relation, [(near_key, key) for key in keys], through, database)
            if relation.is_symmetrical:
                await _insert_pairs(relation, [(key, near_key) for key in keys], through, database)
        self._forget()
        await self._tell("add", keys)

    async def remove(self, *rows: T | Any) -> None:
        """End the relation to rows, given as instances or keys."""
        keys = self._keys(rows)
        if keys:
            await self._remove(keys)

    async def clear(self) -> None:
        """End the relation to all rows."""
        await self._remove(None)

    async def _remove(self, keys: list[Any] | None) -> None:
        relation, database, near_key = self._relation, _database(self._instance), self._near_key()
        if relation.origin == "reverse":
            self._refuse_orphans()
            rows = self.all().using(database)
            await (rows if keys is None else rows.filter(pk__in=keys)).update(**{str(relation.remote.key): None})
        else:
            await _delete_pairs(relation, near_key, keys, database)
        self._forget()
        await self._tell("clear" if keys is None else "remove", keys or ())

    async def _tell(self, action: str, keys: Iterable[Any]) -> None:
        if m2m_changed.receivers:
            instance = self._instance
            said = {"name": self._relation.name, "action": action, "pk_set": set(keys), "using": _database(instance)}
            await m2m_changed.send(type(instance), instance=instance, **said)

    def _refuse_orphans(self) -> None:
        relation = self._relation
        if not relation.remote.nullable:
            raise FieldError(
                f"{relation.target.__name__}.{relation.reverse_name} may not be None, so it cannot be taken away. "
                "Give it another one, or delete the row."
            )

    async def set(self, rows: Iterable[T | Any], **through: Any) -> None:
        """Relate exactly these rows."""
        async with atomic(_database(self._instance)):
            wanted = self._keys(list(rows))
            related = set(await self.all().using(_database(self._instance)).values_list("pk", flat=True))
            gone = [key for key in related if key not in set(wanted)]
            if gone:
                await self._remove(gone)
            await self.add(*(key for key in wanted if key not in related), **through)
        self._forget()

    def _keys(self, rows: Iterable[Any]) -> list[Any]:
        keys = []
        for row in rows:
            is_instance = hasattr(row, "__trine_model__")
            if is_instance and not isinstance(row, self._relation.target):
                raise FieldError(f"{row!r} is no {self._relation.target.__name__}.")
            key = row.pk if is_instance else row
            if key is None:
                raise FieldError(f"{row!r} was not saved, and has no key to relate to. Save it first.")
            keys.append(key)
        return list(dict.fromkeys(keys))

    def _near_key(self) -> Any:
        key = getattr(self._instance, self._relation.attname)
        if key is None:
            raise FieldError(f"{self._instance!r} was not saved, so nothing can be related to it. Save it first.")
        return key

    def _forget(self) -> None:
        self._instance.__dict__.get(LOADED, {}).pop(self._relation.name, None)
        self._instance.__dict__.pop(self._relation.name, None)

    @property
    def sync(self) -> "SyncMany[T]":
        """The same for `def` code."""
        return SyncMany(self)


class ManyRead(Many[T], list[T]):  # type: ignore[misc] # what both have, `Many` says
    """Rows of a relation to many that were read: a list also for those who look inside, such as Pydantic."""

    def __init__(self, instance: Any, relation: Relation, rows: list[T]) -> None:
        list.__init__(self, rows)
        Many.__init__(self, instance, relation)

    __hash__ = None


class SyncMany(Generic[T]):
    """The rows of a relation to many, for `def` code."""

    def __init__(self, many: Many[T]) -> None:
        self._many = many

    def __iter__(self) -> Iterator[T]:
        return iter(run_sync(self._many._load()))

    def all(self) -> Any:
        """The related rows, as a query."""
        return self._many.all().sync

    def filter(self, *conditions: Any, **lookups: Any) -> Any:
        """Some of the related rows."""
        return self._many.filter(*conditions, **lookups).sync

    def count(self) -> int:
        """How many there are."""
        return run_sync(self._many.count())

    def exists(self) -> bool:
        """Whether there is one."""
        return run_sync(self._many.exists())

    def create(self, **values: Any) -> T:
        """Make a row that is related."""
        return run_sync(self._many.create(**values))

    def add(self, *rows: T | Any, **through: Any) -> None:
        """Relate rows."""
        run_sync(self._many.add(*rows, **through))

    def remove(self, *rows: T | Any) -> None:
        """End the relation to rows."""
        run_sync(self._many.remove(*rows))

    def clear(self) -> None:
        """End the relation to all rows."""
        run_sync(self._many.clear())

    def set(self, rows: Iterable[T | Any], **through: Any) -> None:
        """Relate exactly these rows."""
        run_sync(self._many.set(rows, **through))


_UNSET: Any = object()


def _on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _remedy(instance: Any, relation: Relation) -> str:
    name, owner = relation.name, type(instance).__name__
    how = f"prefetch_related('{name}')" if relation.is_many else f"select_related('{name}')"
    one = f"await {owner.lower()}.{name}" if relation.is_many else f"await {owner.lower()}.load('{name}')"
    peers = len(peers_of(instance))
    several = f", which reads it for all {peers} of the same query" if peers > 1 else ""
    return f"{owner}.{name} was not read. Read it along with {how}, or write {one}{several}."


def _database(instance: Any) -> Database:
    return find_database(home_of(instance))


async def _insert_pairs(
    relation: Relation, pairs: Sequence[tuple[Any, Any]], through: dict[str, Any], database: Database
) -> None:
    """Write rows between, leaving out those that are there."""
    near, far = str(relation.through_local.key), str(relation.through_remote.key)
    if relation.through_model is not None:
        rows: QuerySet[Any] = QuerySet(relation.through_model).using(database)
        async with atomic(database):
            there = set(
                await rows.filter(**{near: pairs[0][0], f"{far}__in": [key for _, key in pairs]}).values_list(far, flat=True)
            )
            for one, other in pairs:
                if other not in there:
                    await rows.create(**{near: one, far: other, **through})
        return
    if through:
        raise FieldError(f"{relation.model.__name__}.{relation.name} has no model between, which could take '{min(through)}'.")
    table: Any = relation.through
    parameters = {
        "near": Parameter(0, None, table.c[near].type, relation.name),
        "far": Parameter(1, None, table.c[far].type, relation.name),
    }
    clause = sa.insert(table).values({near: sa.bindparam("near"), far: sa.bindparam("far")})
    statement = compile_statement(clause, database.dialect, parameters)
    is_mysql = database.dialect.name == "mysql"
    sql = statement.sql.replace("INSERT", "INSERT IGNORE", 1) if is_mysql else f"{statement.sql} ON CONFLICT DO NOTHING"
    await database.run_many(sql, [statement.bind(pair) for pair in pairs])


async def _delete_pairs(relation: Relation, near_key: Any, keys: Sequence[Any] | None, database: Database) -> None:
    """Delete rows between: all of one side, or those to some keys."""
    table: Any = relation.through
    near, far = table.c[relation.through_local.key], table.c[relation.through_remote.key]
    sides = [(near, far), (far, near)] if relation.is_symmetrical else [(near, far)]
    for one, other in sides:
        parameters = {"near": Parameter(0, None, one.type, relation.name)}
        clause = sa.delete(table).where(one == sa.bindparam("near", type_=one.type))
        values = [near_key]
        if keys is not None:
            places = []
            for number, key in enumerate(keys, 1):
                parameters[f"k{number}"] = Parameter(number, None, other.type, relation.name)
                places.append(sa.bindparam(f"k{number}", type_=other.type))
                values.append(key)
            clause = clause.where(other.in_(places))
        statement = compile_statement(clause, database.dialect, parameters)
        await database.run(statement.sql, statement.bind(values))
