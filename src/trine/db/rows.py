"""`Rows`: a query that is put together step by step, in Django's words, and runs when it is awaited."""

import asyncio
from collections.abc import AsyncIterator, Generator, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar

from trine.concurrency import finished
from trine.errors import HTTPException

from . import building
from .database import Database, find_database
from .drivers import is_in_memory
from .errors import FieldError
from .expressions import Expression, OrderBy, Q, as_expression, read_order
from .prefetch import Prefetch, prefetch_rows
from .scope import Scope, Shape
from .statements import Statement

if TYPE_CHECKING:
    from .sync_rows import SyncRows

R = TypeVar("R")
Form = Literal["instance", "dict", "tuple", "flat"]


class Rows(Generic[R]):
    """Rows that are asked for, and not yet read. Each method gives new ones; `await` reads them as a list.

    `async for` reads them too, and a slice is a part of them. Lookups are Django's: `price__gte`, `author__name__icontains`.
    """

    __rows__ = True

    model: type[Any]

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self._using: str | Database | None = None
        self._filters: tuple[Q, ...] = ()
        self._order: tuple[OrderBy, ...] | None = None
        self._distinct: bool | tuple[str, ...] = False
        self._offset: int | None = None
        self._limit: int | None = None
        self._annotations: tuple[tuple[str, Expression, bool], ...] = ()
        """Name, expression, and whether it is selected; an alias is not."""
        self._group_from: int | None = None
        """From which annotation on `values()` groups."""
        self._related: tuple[str, ...] = ()
        self._prefetch: tuple[Prefetch, ...] = ()
        self._only: frozenset[str] | None = None
        self._defer: frozenset[str] = frozenset()
        self._lock: tuple[Any, ...] | None = None
        self._form: Form = "instance"
        self._fields: tuple[str, ...] = ()
        self._combined: tuple[tuple[str, Rows[Any]], ...] = ()
        self._between: Any = None
        self._is_empty = False

    def _with(self, **changes: Any) -> Self:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.__dict__.update(changes)
        return made

    # Narrowing and ordering -------------------------------------------------------------------------------------

    def all(self) -> Self:
        """The same rows."""
        return self._with()

    def none(self) -> Self:
        """No rows, without asking the database."""
        return self._with(_is_empty=True)

    def filter(self, *conditions: Any, **lookups: Any) -> Self:
        """Keep the rows that fit every condition and lookup. Lookups that lead to many rows ask for one that fits them all."""
        return self._narrowed(Q(*conditions, **lookups))

    def exclude(self, *conditions: Any, **lookups: Any) -> Self:
        """Leave out the rows that fit every condition and lookup."""
        return self._narrowed(~Q(*conditions, **lookups)) if conditions or lookups else self._with()

    def filter_any(self, *alternatives: Mapping[str, Any]) -> Self:
        """Keep the rows that fit every lookup of at least one alternative."""
        if not alternatives:
            return self.none()
        condition = Q(**alternatives[0])
        for alternative in alternatives[1:]:
            condition = condition | Q(**alternative)
        return self._narrowed(condition)

    def _narrowed(self, condition: Q) -> Self:
        if not condition:
            return self._with()
        if self._limit is not None or self._offset is not None:
            raise FieldError("A slice cannot be filtered. Filter first, and take the slice of that.")
        if self._combined:
            raise FieldError("A union cannot be filtered. Filter its parts.")
        return self._with(_filters=(*self._filters, condition))

    def order_by(self, *fields: Any) -> Self:
        """Put the rows in another order: names with `-` before them for the greatest first, expressions, `?` for chance."""
        if self._limit is not None or self._offset is not None:
            raise FieldError("A slice cannot be ordered. Order first, and take the slice of that.")
        return self._with(_order=tuple(map(read_order, fields)))

    def reverse(self) -> Self:
        """Turn the order round."""
        return self._with(_order=tuple(_turned(item) for item in self._effective_order()))

    def _effective_order(self) -> tuple[OrderBy, ...]:
        if self._order is not None:
            return self._order
        return tuple(map(read_order, self.model.__options__.ordering))

    @property
    def ordering(self) -> tuple[str, ...]:
        """The fields of the order, a `-` before descending ones; empty where there is none."""
        order = self._effective_order()
        names = [item.expression.default_name for item in order]
        return tuple(f"{'-' * item.descending}{name}" for item, name in zip(order, names, strict=True) if name is not None)

    def distinct(self, *fields: str) -> Self:
        """Leave out what comes again. With fields, on PostgreSQL, keep the first row of each value."""
        return self._with(_distinct=fields or True)

    def using(self, database: str | Database) -> Self:
        """Ask another database, by its alias."""
        return self._with(_using=database)

    def __getitem__(self, part: slice) -> Self:
        if not isinstance(part, slice):
            raise TypeError(f"Rows are read with await. For row {part}: await rows[{part}:{part + 1}].first()")
        if part.step is not None or (part.start or 0) < 0 or (part.stop is not None and part.stop < 0):
            raise ValueError("Rows have slices from the front alone, without steps. Turn the order round: reverse().")
        start = (self._offset or 0) + (part.start or 0)
        limit = self._limit if part.start is None or self._limit is None else max(0, self._limit - part.start)
        if part.stop is not None:
            wanted = max(0, part.stop - (part.start or 0))
            limit = wanted if limit is None else min(limit, wanted)
        return self._with(_offset=start or None, _limit=limit)

    # Computing --------------------------------------------------------------------------------------------------

    def annotate(self, *expressions: Expression, **named: Any) -> Self:
        """Add computed values to each row; after `values()`, aggregates group by the fields named there."""
        return self._annotated(expressions, named, is_selected=True)

    def alias(self, *expressions: Expression, **named: Any) -> Self:
        """Name computed values for filters and orders, without reading them."""
        return self._annotated(expressions, named, is_selected=False)

    def _annotated(self, expressions: Sequence[Expression], named: Mapping[str, Any], *, is_selected: bool) -> Self:
        added = [*((_default_name(item), item) for item in expressions), *named.items()]
        for name, _ in added:
            if not name.isidentifier() or "__" in name:
                raise FieldError(f"'{name[:100]}' is no name for an annotation. Write an identifier without '__'.")
            if name in self.model.__fields__ or name in self.model.__relations__ or hasattr(self.model, name):
                raise FieldError(f"{self.model.__name__} has '{name}' already. Give the annotation another name.")
        new = tuple((name, as_expression(expression), is_selected) for name, expression in added)
        group_from = self._group_from
        if self._form != "instance" and group_from is None and any(item.has_aggregate for _, item, _ in new):
            group_from = len(self._annotations)
        fields = self._fields
        if self._form != "instance" and is_selected:
            fields = (*fields, *(name for name, _, _ in new))
        return self._with(_annotations=(*self._annotations, *new), _group_from=group_from, _fields=fields)

    def union(self, *others: "Rows[Any]", all: bool = False) -> Self:
        """These rows and others, each once; with `all`, as often as they come."""
        return self._with(_combined=(*self._combined, *(("union all" if all else "union", other) for other in others)))

    def intersection(self, *others: "Rows[Any]") -> Self:
        """The rows that are in all."""
        return self._with(_combined=(*self._combined, *(("intersection", other) for other in others)))

    def difference(self, *others: "Rows[Any]") -> Self:
        """The rows that are in no other."""
        return self._with(_combined=(*self._combined, *(("difference", other) for other in others)))

    # Reading ----------------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, list[R]]:
        return self._read().__await__()

    async def _read(self) -> list[R]:
        if self._is_empty or self._limit == 0:
            return []
        database = self.database
        statement, values = self._statement("rows", database)
        rows = await database.fetch(statement.sql, statement.bind(values), writes=self._lock is not None)
        made: list[R] = statement.hydrate(rows)
        if self._prefetch:
            await prefetch_rows(made, self._prefetch, database)
        return made

    async def __aiter__(self) -> AsyncIterator[R]:
        for row in await self._read():
            yield row

    async def fetch(self, offset: int, limit: int) -> list[R]:
        """Read at most `limit` rows, leaving `offset` out first."""
        return await self[offset : offset + limit]

    async def iterator(self, chunk_size: int = 1000) -> AsyncIterator[R]:
        """Read the rows in parts, so that millions need no memory, in a transaction of their own where there is none."""
        if self._is_empty or self._limit == 0:
            return
        database = self.database
        if database.transaction is None and is_in_memory(database.url):
            # There is one connection, which whoever takes the rows may need; and they are in memory anyway.
            for row in await self._read():
                yield row
            return
        statement, values = self._statement("rows", database)
        # Nothing is entered here: what is done with a row meanwhile is no part of the transaction that only reads.
        around = database.transaction
        transaction = around or await database.begin(read_only=True)
        source = transaction.stream(statement.sql, statement.bind(values), chunk_size)
        try:
            async for rows in source:
                made = statement.hydrate(rows)
                if self._prefetch:
                    with database.inside(transaction):
                        await prefetch_rows(made, self._prefetch, database)
                for row in made:
                    yield row
        finally:
            await source.aclose()
            if around is None:
                await finished(asyncio.ensure_future(database.end(transaction, commit=False)))

    async def first(self) -> R | None:
        """The first row, None where there is none. Without an order, the one with the least key."""
        rows = self if self._effective_order() or self._combined or self._form != "instance" else self.order_by("pk")
        found = await rows[:1]
        return found[0] if found else None

    async def last(self) -> R | None:
        """The last row, None where there is none."""
        rows = self if self._effective_order() else self.order_by("pk")
        return await rows.reverse().first()

    async def earliest(self, *fields: str) -> R:
        """The first row by some fields. Raises `DoesNotExist`."""
        return await self.order_by(*(fields or self.ordering))._one()

    async def latest(self, *fields: str) -> R:
        """The last row by some fields. Raises `DoesNotExist`."""
        return await self.order_by(*(fields or self.ordering)).reverse()._one()

    async def _one(self) -> R:
        found = await self[:1]
        if not found:
            raise self.model.DoesNotExist(f"There is no {self.model.__name__}.")
        return found[0]

    async def get(self, *conditions: Any, **lookups: Any) -> R:
        """The one row that fits. Raises `DoesNotExist` and `MultipleObjectsReturned`."""
        rows = self._narrowed(Q(*conditions, **lookups)) if conditions or lookups else self
        found = await rows._with(_order=self._order or ())._at_most(2)._read()
        if len(found) == 1:
            return found[0]
        asked = ", ".join([*map(repr, conditions), *(f"{name}={_short(value)}" for name, value in lookups.items())])
        if not found:
            raise self.model.DoesNotExist(f"There is no {self.model.__name__} with {asked or 'these conditions'}.")
        raise self.model.MultipleObjectsReturned(
            f"There is more than one {self.model.__name__} with {asked or 'these conditions'}."
        )

    def _at_most(self, limit: int) -> Self:
        return self if self._limit is not None and self._limit <= limit else self._with(_limit=limit)

    async def get_or_none(self, *conditions: Any, **lookups: Any) -> R | None:
        """The one row that fits, None where there is none."""
        try:
            return await self.get(*conditions, **lookups)
        except self.model.DoesNotExist:
            return None

    async def get_or_404(self, *conditions: Any, **lookups: Any) -> R:
        """The one row that fits. Where there is none, the client gets a 404."""
        found = await self.get_or_none(*conditions, **lookups)
        if found is None:
            raise HTTPException(404, f"{self.model.__name__} not found")
        return found

    async def count(self) -> int:
        """How many rows there are."""
        if self._is_empty:
            return 0
        return int(await self._scalar("count"))

    async def exists(self) -> bool:
        """Whether there is a row."""
        if self._is_empty or self._limit == 0:
            return False
        return await self._scalar("exists") is not None

    async def contains(self, instance: Any) -> bool:
        """Whether an instance is among the rows."""
        return await self.filter(pk=instance.pk).exists()

    async def _scalar(self, kind: str) -> Any:
        database = self.database
        statement, values = self._statement(kind, database)
        rows = await database.fetch(statement.sql, statement.bind(values))
        return rows[0][0] if rows else None

    async def aggregate(self, *expressions: Expression, **named: Any) -> dict[str, Any]:
        """Compute values over all rows: `await orders.aggregate(total=Sum("price"))`."""
        added = [*((_default_name(item), item) for item in expressions), *named.items()]
        wanted = tuple((name, as_expression(expression)) for name, expression in added)
        if self._is_empty:
            return dict.fromkeys((name for name, _ in wanted), None)
        database = self.database
        statement, values = self._statement("aggregate", database, wanted)
        rows = await database.fetch(statement.sql, statement.bind(values))
        result: dict[str, Any] = statement.hydrate(rows)[0]
        return result

    async def explain(self) -> str:
        """How the database would read the rows."""
        database = self.database
        statement, values = self._statement("rows", database)
        rows = await database.fetch(database.dialect.explain(statement.sql), statement.bind(values))
        return "\n".join(" ".join(str(part) for part in row) for row in rows)

    @property
    def query(self) -> str:
        """The SQL that reads the rows, with places for its values."""
        return self._statement("rows", self.database)[0].sql

    # Answers ----------------------------------------------------------------------------------------------------

    def shaped(self, model: Any) -> Any:
        """The same rows as dictionaries of a response model's fields: exactly its columns are read. Pages ask for it."""
        from .shaping import Shaped, is_shape

        return Shaped(self, model) if is_shape(model) and self._form == "instance" else self

    @classmethod
    def __complete_as__(cls, model: Any) -> Any:
        """What makes the answer of a route that returns rows, for its response model."""
        from .shaping import completion

        return completion(model)

    # Below ------------------------------------------------------------------------------------------------------

    @property
    def database(self) -> Database:
        """The database that is asked."""
        return find_database(self._using or self.model.__options__.database)

    def _statement(self, kind: str, database: Database, extra: Any = ()) -> tuple[Statement, list[Any]]:
        """The statement of this shape, compiled now where it is new, and the values for it."""
        into = Shape(arrays=database.dialect.arrays)
        shape = (kind, self.shape(into), building.shape_of_extra(extra, into))
        statement = database.statements.get(shape)
        if statement is None:
            statement = database.statements.put(shape, building.build(self, kind, database.dialect, extra))
        return statement, into.values

    def shape(self, into: Shape) -> Hashable:
        """What the query looks like without its values, which are noted."""
        shape: list[Any] = [self.model, self._form, self._fields, self._group_from]
        shape.append(tuple((name, item.shape(into), is_selected) for name, item, is_selected in self._annotations))
        shape.append(tuple(item.shape(into) for item in self._filters))
        shape.append(None if self._order is None else tuple(item.shape(into) for item in self._order))
        if self._limit is not None:
            into.values.append(self._limit)
        if self._offset is not None:
            into.values.append(self._offset)
        shape += [self._limit is not None, self._offset is not None, self._distinct, self._related, self._only, self._defer]
        shape += [self._lock, tuple((word, other.shape(into)) for word, other in self._combined), self._is_empty]
        if self._between is not None:
            shape.append(self._between.shape(into))
        return tuple(shape)

    def build_inner(self, scope: Scope, at: int, *, one: bool) -> Any:
        """The query as a part of another one."""
        return building.build_inner(self, scope, at, one=one)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model.__name__}: read it with await>"

    def __iter__(self) -> Any:
        raise TypeError(
            f"{self.model.__name__} rows are read with `await rows` or `async for`; in a `def`, with `for row in rows.sync`."
        )

    def __bool__(self) -> bool:
        raise TypeError("Rows are not read yet, so nobody knows whether there are any. Write: await rows.exists()")

    def __len__(self) -> int:
        raise TypeError("Rows are not read yet, so nobody knows how many there are. Write: await rows.count()")

    @property
    def sync(self) -> "SyncRows[R]":
        """The same for `def` code: `rows.sync.first()`, `for row in rows.sync`."""
        from .sync_rows import SyncRows

        return SyncRows(self)


def _turned(item: OrderBy) -> OrderBy:
    nulls_first = None if item.nulls_first is None else not item.nulls_first
    return OrderBy(item.expression, descending=not item.descending, nulls_first=nulls_first)


def _default_name(expression: Expression) -> str:
    name = getattr(expression, "default_name", None)
    if name is None:
        raise FieldError("This expression needs a name: annotate(name=...).")
    return str(name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
