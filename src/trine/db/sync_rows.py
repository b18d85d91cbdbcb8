"""`.sync`: the same queries for `def` code, on the same connection and in the same transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from .querysets import QuerySet
from .rows import Rows
from .sync import iterate_sync, run_sync

R = TypeVar("R")
M = TypeVar("M")


class SyncRows(Generic[R]):
    """Rows that are read by iterating over them, or by a method that gives something else."""

    def __init__(self, rows: Rows[R]) -> None:
        self._rows = rows

    def _with(self, rows: Any) -> Self:
        return type(self)(rows)

    def __iter__(self) -> Iterator[R]:
        return iter(run_sync(self._rows._read()))

    def __getitem__(self, part: slice) -> Self:
        return self._with(self._rows[part])

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return self.exists()

    def all(self) -> Self:
        """The same rows."""
        return self._with(self._rows.all())

    def filter(self, *conditions: Any, **lookups: Any) -> Self:
        """Keep the rows that fit every condition and lookup."""
        return self._with(self._rows.filter(*conditions, **lookups))

    def exclude(self, *conditions: Any, **lookups: Any) -> Self:
        """Leave out the rows that fit every condition and lookup."""
        return self._with(self._rows.exclude(*conditions, **lookups))

    def order_by(self, *fields: Any) -> Self:
        """Put the rows in another order."""
        return self._with(self._rows.order_by(*fields))

    def reverse(self) -> Self:
        """Turn the order round."""
        return self._with(self._rows.reverse())

    def distinct(self, *fields: str) -> Self:
        """Leave out what comes again."""
        return self._with(self._rows.distinct(*fields))

    def annotate(self, *expressions: Any, **named: Any) -> Self:
        """Add computed values to each row."""
        return self._with(self._rows.annotate(*expressions, **named))

    def using(self, database: Any) -> Self:
        """Ask another database."""
        return self._with(self._rows.using(database))

    def first(self) -> R | None:
        """The first row."""
        return run_sync(self._rows.first())

    def last(self) -> R | None:
        """The last row."""
        return run_sync(self._rows.last())

    def earliest(self, *fields: str) -> R:
        """The first row by some fields."""
        return run_sync(self._rows.earliest(*fields))

    def latest(self, *fields: str) -> R:
        """The last row by some fields."""
        return run_sync(self._rows.latest(*fields))

    def get(self, *conditions: Any, **lookups: Any) -> R:
        """The one row that fits."""
        return run_sync(self._rows.get(*conditions, **lookups))

    def get_or_none(self, *conditions: Any, **lookups: Any) -> R | None:
        """The one row that fits, None where there is none."""
        return run_sync(self._rows.get_or_none(*conditions, **lookups))

    def get_or_404(self, *conditions: Any, **lookups: Any) -> R:
        """The one row that fits. Where there is none, the client gets a 404."""
        return run_sync(self._rows.get_or_404(*conditions, **lookups))

    def count(self) -> int:
        """How many rows there are."""
        return run_sync(self._rows.count())

    def exists(self) -> bool:
        """Whether there is a row."""
        return run_sync(self._rows.exists())

    def aggregate(self, *expressions: Any, **named: Any) -> dict[str, Any]:
        """Compute values over all rows."""
        return run_sync(self._rows.aggregate(*expressions, **named))

    def explain(self) -> str:
        """How the database would read the rows."""
        return run_sync(self._rows.explain())

    def iterator(self, chunk_size: int = 1000) -> Iterator[R]:
        """Read the rows in parts, in a transaction around: `with atomic():`."""
        return iterate_sync(self._rows.iterator(chunk_size))


class SyncQuerySet(SyncRows[M]):
    """Rows of a model, for `def` code."""

    _rows: QuerySet[M]

    def values(self, *fields: str, **expressions: Any) -> SyncRows[dict[str, Any]]:
        """Dictionaries of some fields."""
        return SyncRows(self._rows.values(*fields, **expressions))

    def values_list(self, *fields: str, flat: bool = False, **expressions: Any) -> SyncRows[Any]:
        """Tuples of some fields; with `flat`, the values of one."""
        return SyncRows(self._rows.values_list(*fields, flat=flat, **expressions))

    def only(self, *fields: str) -> Self:
        """Read these fields alone."""
        return self._with(self._rows.only(*fields))

    def defer(self, *fields: str) -> Self:
        """Leave these fields out."""
        return self._with(self._rows.defer(*fields))

    def select_related(self, *paths: str) -> Self:
        """Read related rows along, in the same query."""
        return self._with(self._rows.select_related(*paths))

    def prefetch_related(self, *lookups: Any) -> Self:
        """Read related rows along, in one more query each."""
        return self._with(self._rows.prefetch_related(*lookups))

    def select_for_update(self, **options: Any) -> Self:
        """Lock the rows until the transaction ends."""
        return self._with(self._rows.select_for_update(**options))

    def create(self, **values: Any) -> M:
        """Make a row."""
        return run_sync(self._rows.create(**values))

    def get_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[M, bool]:
        """The row that fits, else a new one."""
        return run_sync(self._rows.get_or_create(defaults, **lookups))

    def update_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[M, bool]:
        """Change the row that fits, else make one."""
        return run_sync(self._rows.update_or_create(defaults, **lookups))

    def bulk_create(self, instances: Iterable[M], **options: Any) -> list[M]:
        """Insert many rows."""
        return run_sync(self._rows.bulk_create(instances, **options))

    def bulk_update(self, instances: Iterable[M], fields: Sequence[str], **options: Any) -> int:
        """Write some fields of many instances."""
        return run_sync(self._rows.bulk_update(instances, fields, **options))

    def update(self, **values: Any) -> int:
        """Change all these rows."""
        return run_sync(self._rows.update(**values))

    def delete(self) -> int:
        """Delete all these rows."""
        return run_sync(self._rows.delete())

    def in_bulk(self, keys: Iterable[Any] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """Instances by their keys."""
        return run_sync(self._rows.in_bulk(keys, field_name=field_name))
