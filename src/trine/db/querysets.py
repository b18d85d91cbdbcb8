"""`QuerySet`: rows of a model as instances, which can be changed too, and the managers that models begin with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar
from uuid import UUID

from . import building
from .database import find_database
from .errors import FieldError, NotSupported
from .prefetch import Prefetch
from .raw import RawRows
from .rows import Form, Rows

if TYPE_CHECKING:
    from .sync_rows import SyncQuerySet

R = TypeVar("R")
M = TypeVar("M")


class QuerySet(Rows[M]):
    """Rows of a model, as instances. `Article.objects` is one; a subclass adds methods of its own."""

    @classmethod
    def as_manager(cls) -> "ManagerAttribute[Self]":
        """A manager whose rows have this class's methods: `objects = ArticleQuerySet.as_manager()`."""
        return ManagerAttribute(cls)

    def get_queryset(self) -> Self:
        """What a manager begins with; a subclass may narrow it."""
        return self

    @property
    def sync(self) -> "SyncQuerySet[M]":
        """The same for `def` code: `Article.objects.sync.get(id=1)`."""
        from .sync_rows import SyncQuerySet

        return SyncQuerySet(self)

    async def get(self, *conditions: Any, **lookups: Any) -> M:
        """The one row that fits. Raises `DoesNotExist` and `MultipleObjectsReturned`."""
        if len(lookups) == 1 and not conditions and self._is_plain:
            ((name, value),) = lookups.items()
            kind = type(value)
            if kind in _KEY_TYPES:
                database = find_database(self._using or self.model.__options__.database)
                statement = database.statements.get((self.model, name, kind))
                if statement is None:
                    statement = building.build_get(self, name, value, database)
                if statement is not None:
                    found: list[M] = statement.hydrate(await database.fetch(statement.sql, statement.bind((value,))))
                    if len(found) == 1:
                        return found[0]
        return await super().get(*conditions, **lookups)

    @property
    def _is_plain(self) -> bool:
        return not (self._filters or self._annotations or self._related or self._prefetch or self._combined) and (
            self._limit is None
            and self._offset is None
            and self._only is None
            and not self._defer
            and self._lock is None
            and not self._is_empty
            and self._between is None
        )

    # Which columns ----------------------------------------------------------------------------------------------

    def values(self, *fields: str, **expressions: Any) -> Rows[dict[str, Any]]:
        """Dictionaries of some fields, of all where none is named."""
        return self._as("dict", fields, expressions)

    def values_list(self, *fields: str, flat: bool = False, **expressions: Any) -> Rows[Any]:
        """Tuples of some fields; with `flat`, the values of one."""
        if flat and len(fields) + len(expressions) != 1:
            raise FieldError(f"values_list(flat=True) takes one field, and got {len(fields) + len(expressions)}.")
        return self._as("flat" if flat else "tuple", fields, expressions)

    def dates(
        self, field: str, kind: Literal["year", "month", "week", "day"], order: Literal["ASC", "DESC"] = "ASC"
    ) -> Rows[Any]:
        """The different years, months, weeks or days of a field."""
        from .functions import Trunc

        found = self._as("flat", (), {"truncated": Trunc(field, kind)}).filter(**{f"{field}__isnull": False})
        return found.distinct().order_by("truncated" if order == "ASC" else "-truncated")

    def _as(self, form: Form, fields: Sequence[str], expressions: Mapping[str, Any]) -> Rows[Any]:
        if self._combined:
            raise FieldError("The parts of a union say which fields they have. Call values() on each of them.")
        rows: Rows[Any] = Rows(self.model)
        rows.__dict__.update(self.__dict__)
        named = rows.alias(**expressions) if expressions else rows
        names = (*fields, *expressions)
        if not names:
            columns = [made.attname for made in self.model.__fields__.values() if made.column is not None]
            names = (*columns, *(name for name, _, is_selected in self._annotations if is_selected))
        return named._with(_form=form, _fields=names, _related=(), _prefetch=())

    def only(self, *fields: str) -> Self:
        """Read these fields alone; the key comes along."""
        return self._with(_only=(self._only or frozenset()) | _checked(self.model, fields))

    def defer(self, *fields: str) -> Self:
        """Leave these fields out."""
        return self._with(_defer=self._defer | _checked(self.model, fields))

    def select_related(self, *paths: str) -> Self:
        """Read related rows along, in the same query: `select_related("author__publisher")`. For relations to one row."""
        from .prefetch import check_path

        for path in paths:
            check_path(self.model, path, to_one=True)
        chosen = paths or tuple(
            relation.name
            for relation in building.relations_of(self.model).values()
            if relation.origin == "foreign_key" and not relation.is_null
        )
        return self._with(_related=(*self._related, *(path for path in chosen if path not in self._related)))

    def prefetch_related(self, *lookups: str | Prefetch) -> Self:
        """Read related rows along, in one more query for each relation, also for relations to many rows."""
        from .prefetch import check_path

        added = tuple(Prefetch(lookup) if isinstance(lookup, str) else lookup for lookup in lookups)
        for item in added:
            check_path(self.model, item.path)
        return self._with(_prefetch=(*self._prefetch, *added))

    def select_for_update(
        self, *, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = (), no_key: bool = False
    ) -> Self:
        """Lock the rows until the transaction ends, so that nobody else changes them."""
        return self._with(_lock=(nowait, skip_locked, tuple(of), no_key))

    # Writing ----------------------------------------------------------------------------------------------------

    async def create(self, **values: Any) -> M:
        """Make a row, and give its instance."""
        instance: Any = self.model(**values)
        await instance.save(force_insert=True, using=self._using)
        return instance  # type: ignore[no-any-return] # an instance of the model

    async def get_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[M, bool]:
        """The row that fits, else a new one; and whether it is new. Two at once get the same row, where it is unique."""
        from .writing import get_or_create

        return await get_or_create(self, defaults, lookups)

    async def update_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Change the row that fits, else make one; and whether it is new."""
        from .writing import update_or_create

        return await update_or_create(self, defaults, create_defaults, lookups)

    async def bulk_create(
        self,
        instances: Iterable[M],
        *,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Sequence[str] = (),
        unique_fields: Sequence[str] = (),
    ) -> list[M]:
        """Insert many rows with few statements, all or none. `save()` and its signals are not called."""
        from .writing import bulk_create

        made = list(instances)
        conflicts = (ignore_conflicts, update_conflicts, tuple(update_fields), tuple(unique_fields))
        await bulk_create(self, made, batch_size, conflicts)
        return made

    async def bulk_update(self, instances: Iterable[M], fields: Sequence[str], *, batch_size: int | None = None) -> int:
        """Write some fields of many instances, all or none; gives how many rows there were."""
        from .writing import bulk_update

        return await bulk_update(self, list(instances), fields, batch_size)

    async def update(self, **values: Any) -> int:
        """Change all these rows in the database, and give how many there were."""
        renewed = {
            made.attname: made.options.on_update()
            for made in self.model.__fields__.values()
            if made.options.on_update is not None and made.name not in values
        }
        return await self._changed("update", tuple({**values, **renewed}.items()))

    async def delete(self) -> int:
        """Delete all these rows in the database, and give how many there were."""
        return await self._changed("delete", ())

    async def _changed(self, kind: str, extra: Any) -> int:
        if self._limit is not None or self._offset is not None or self._combined:
            raise NotSupported(f"A slice or a union has no {kind}(). Filter the rows, such as by their keys: id__in.")
        if self._is_empty:
            return 0
        if self.model.__changes__ is None:
            return await self._change_now(kind, extra)
        from .history import change_rows

        return await change_rows(self, lambda rows: rows._change_now(kind, extra))

    async def _change_now(self, kind: str, extra: Any) -> int:
        database = self.database
        statement, values = self._with(_order=())._statement(kind, database, extra)
        return await database.run(statement.sql, statement.bind(values))

    async def in_bulk(self, keys: Iterable[Any] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """Instances by their keys, or by another unique field."""
        rows = self if keys is None else self.filter(**{f"{field_name}__in": list(keys)})
        return {getattr(row, field_name): row for row in await rows}

    def raw(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> "RawRows[M]":
        """Instances from SQL of your own: `raw("SELECT * FROM article WHERE id = :id", {"id": 1})`."""
        return RawRows(self.model, sql, parameters, self.database)


class Manager(QuerySet[M]):
    """A manager whose `get_queryset` narrows what it begins with: `published = PublishedManager()`."""

    def __init__(self, model: type[Any] | None = None) -> None:
        if model is not None:
            super().__init__(model)

    def __get__(self, instance: None, owner: type[Any]) -> Self:
        if instance is not None:
            raise AttributeError(f"Managers belong to the class: {owner.__name__}.objects.")
        made = object.__new__(type(self))
        QuerySet.__init__(made, owner)
        return made.get_queryset()


class ManagerAttribute(Generic[R]):
    """What stands in a class as its manager: each access begins with all rows."""

    def __init__(self, kind: type[R]) -> None:
        self.kind = kind

    def __get__(self, instance: None, owner: type[Any]) -> R:
        if instance is not None:
            raise AttributeError(f"Managers belong to the class: {owner.__name__}.objects.")
        return self.kind(owner).get_queryset()  # type: ignore[call-arg, attr-defined, no-any-return] # kinds are querysets


class Objects:
    """The manager that every model has: all its rows, as a typed `QuerySet`."""

    def __get__(self, instance: None, owner: type[M]) -> QuerySet[M]:
        if instance is not None:
            raise AttributeError(f"Managers belong to the class: {owner.__name__}.objects.")
        return QuerySet(owner)


_KEY_TYPES = frozenset({int, str, UUID})


def _checked(model: type[Any], fields: Sequence[str]) -> frozenset[str]:
    from .prefetch import check_path

    for field in fields:
        check_path(model, field, to_one=True, to_field=True)
    return frozenset(fields)
