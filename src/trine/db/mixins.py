"""Abstract models that others inherit from: when a row was made and changed, and rows that are hidden instead of deleted."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from .fields import field
from .model import Model
from .querysets import QuerySet

if TYPE_CHECKING:
    from .database import Database

M = TypeVar("M")


def _now() -> datetime:
    return datetime.now(UTC)


class Timestamped(Model):
    """A model that knows when each row was made, and when it was saved for the last time."""

    created: datetime = field(default_factory=_now, init=False, editable=False)
    updated: datetime = field(default_factory=_now, on_update=_now, init=False, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True


class SoftDeleteQuerySet(QuerySet[M]):
    """Rows that are hidden instead of deleted."""

    async def delete(self) -> int:
        """Hide these rows, and give how many there were."""
        return await self.filter(deleted__isnull=True).update(deleted=_now())

    async def restore(self) -> int:
        """Show hidden rows again, and give how many there were."""
        return await self.filter(deleted__isnull=False).update(deleted=None)

    async def delete_for_good(self) -> int:
        """Delete these rows in the database."""
        return await super().delete()

    def alive(self) -> "SoftDeleteQuerySet[M]":
        """Those that are not hidden."""
        return self.filter(deleted__isnull=True)


class _Alive:
    def __get__(self, instance: None, owner: type[M]) -> SoftDeleteQuerySet[M]:
        return SoftDeleteQuerySet[M](owner).alive()


class _Everything:
    def __get__(self, instance: None, owner: type[M]) -> SoftDeleteQuerySet[M]:
        return SoftDeleteQuerySet[M](owner)


class SoftDelete(Model):
    """A model whose rows are hidden instead of deleted: `objects` has those that are not, `all_objects` has all.

    The database knows nothing of it: what must be unique counts hidden rows too, unless a `UniqueConstraint` says
    `condition=Q(deleted__isnull=True)`, and `on_delete` never happens.
    """

    deleted: datetime | None = field(default=None, init=False, editable=False, index=True)

    objects: ClassVar[_Alive] = _Alive()
    all_objects: ClassVar[_Everything] = _Everything()

    class Meta:
        """No table of its own."""

        abstract = True

    async def delete(self, *, using: "str | Database | None" = None) -> None:
        """Hide the row."""
        self.deleted = _now()
        await self.save(update_fields=["deleted"], using=using)

    async def restore(self, *, using: "str | Database | None" = None) -> None:
        """Show the row again."""
        self.deleted = None
        await self.save(update_fields=["deleted"], using=using)

    async def delete_for_good(self, *, using: "str | Database | None" = None) -> None:
        """Delete the row in the database."""
        await super().delete(using=using)
