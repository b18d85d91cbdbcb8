"""What was changed, when and by whom: every change of a row beside it, in the same transaction."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic_core import to_jsonable_python
from sqlalchemy.types import NullType

from trine.errors import SetupError

from .errors import NotSupported
from .fields import field
from .homes import home_of
from .model import Model
from .querysets import QuerySet
from .transaction import atomic

if TYPE_CHECKING:
    from .database import Database

R = TypeVar("R")
_AT_ONCE = 1000
_by: ContextVar[tuple[str | None, str]] = ContextVar("who changes rows, and why", default=(None, ""))


@contextmanager
def changed_by(who: object, reason: str = "") -> Iterator[None]:
    """Name whoever makes the changes inside a `with`, and why. It is kept as text, and holds in `async` code too."""
    token = _by.set((None if who is None else str(who)[:200], reason))
    try:
        yield
    finally:
        _by.reset(token)


class Change(Model):
    """One change of a row: what a history consists of."""

    if TYPE_CHECKING:
        row: Any
    kind: Literal["create", "update", "delete"] = field(max_length=10)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    by: str | None = field(default=None, max_length=200)
    """Who made it, as `changed_by` says; None where nobody said so."""
    reason: str = ""
    changes: dict[str, Any]
    """The old and the new value of each field that changed, as JSON: `{"title": ["Draft", "News"]}`."""

    class Meta:
        """Each model's changes have a table of their own."""

        abstract = True
        ordering = ("-id",)


class _Changes:
    def __get__(self, instance: Any, owner: type[Any]) -> "QuerySet[Change]":
        changes: QuerySet[Change] = QuerySet(owner.__changes__)
        return changes if instance is None else changes.using(home_of(instance)).filter(row=instance.pk)


class History(Model):
    """A model whose changes are kept: `await article.history` gives them, newest first, and `Article.history` those of all rows.

    They are in a model and a table of their own (`ArticleChange`, `article_change`), which migrations make, and are written in
    the transaction of the change, whichever way it goes: `save`, `delete`, `create`, `update`, `bulk_create` and `bulk_update`.
    Changes that the database makes by itself (`ON DELETE`), raw SQL, SQLAlchemy's sessions and links of `Many` are not seen. A
    field with `field(history=False)` is left out.
    """

    history: ClassVar[_Changes] = _Changes()

    class Meta:
        """No table of its own."""

        abstract = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.__options__.abstract:
            cls.__changes__ = _change_model(cls)


def _change_model(model: type[Any]) -> type[Change]:
    if "history" in model.__fields__:
        raise SetupError(f"{model.__qualname__} has a field 'history', which History has as something else.", hint="Rename it.")
    key = model.__table__.columns[model.__keys__[0]]
    if len(model.__keys__) != 1 or isinstance(key.type, NullType):
        raise SetupError(
            f"{model.__qualname__} keeps a History, and its key is a relation or several columns.",
            hint="Give it a key of one column of its own, and make the rest unique.",
        )
    options = model.__options__
    said = {
        "package": options.package,
        "database": options.database,
        "db_table": f"{model.__table__.name}_change",
        "managed": options.managed,
        "verbose_name": f"change of {options.verbose_name}",
        "verbose_name_plural": f"changes of {options.verbose_name_plural}",
    }
    name = f"{model.__name__}Change"
    made = model.__fields__[model.__keys__[0]]
    members = {
        "__module__": model.__module__,
        "__qualname__": f"{model.__qualname__}Change",
        "__doc__": f"One change of a row of {model.__name__}.",
        "__annotations__": {"row": made.python_type},
        # No foreign key: the history of a row outlives it.
        "row": field(type=key.type, index=True),
        "Meta": type("Meta", (), said),
    }
    return type(name, (Change,), members)


# Keeping ------------------------------------------------------------------------------------------------------------


async def keep_changes(
    model: type[Any], database: "Database", keys: Sequence[Any], change: Callable[[], Awaitable[R]], made: Sequence[Any] = ()
) -> R:
    """Change rows whose keys are known, or make those of new instances, and note what became different."""
    async with atomic(database):
        before = await _snapshot(model, database, keys, locked=True)
        result = await change()
        after = await _snapshot(model, database, [*keys, *(instance.pk for instance in made)])
        now, (by, reason) = datetime.now(UTC), _by.get()
        noted = []
        for key in before | after:
            old, new = before.get(key), after.get(key)
            differing = _differences(old or {}, new or {})
            if differing:
                kind = "create" if old is None else "delete" if new is None else "update"
                noted.append(model.__changes__(row=key, kind=kind, at=now, by=by, reason=reason, changes=differing))
        if noted:
            await QuerySet(model.__changes__).using(database).bulk_create(noted)
        return result


async def change_rows(rows: QuerySet[Any], change: Callable[[QuerySet[Any]], Awaitable[int]]) -> int:
    """Change all rows of a query, a part at a time. Which ones they are is asked once, and they are held."""
    model, database = rows.model, rows.database
    async with atomic(database):
        keys = list(await rows.order_by().values_list("pk", flat=True))
        count = 0
        for begin in range(0, len(keys), _AT_ONCE):
            part = keys[begin : begin + _AT_ONCE]
            narrowed = rows.filter(pk__in=part)
            count += await keep_changes(model, database, part, lambda narrowed=narrowed: change(narrowed))  # type: ignore[misc] # bound at once
        return count


def refuse_conflicts(model: type[Any], conflicts: tuple[Any, ...]) -> None:
    """Refuse what does not tell which rows are new."""
    if conflicts[0] or conflicts[1]:
        option = "ignore_conflicts" if conflicts[0] else "update_conflicts"
        raise NotSupported(
            f"bulk_create({option}=True) does not tell which rows of {model.__name__} it made, so their History cannot be kept. "
            "Ask which are there, and write the others."
        )


async def _snapshot(
    model: type[Any], database: "Database", keys: Sequence[Any], *, locked: bool = False
) -> dict[Any, dict[str, Any]]:
    names = [
        made.attname
        for made in model.__fields__.values()
        if made.column is not None and not made.is_generated and made.options.extra.get("history", True)
    ]
    own_key = model.__keys__[0]
    found: dict[Any, dict[str, Any]] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        rows: QuerySet[Any] = QuerySet(model).using(database).filter(pk__in=list(keys[begin : begin + _AT_ONCE])).order_by()
        if locked:
            rows = rows.select_for_update()
        for values in await rows.values(*dict.fromkeys([own_key, *names])):
            found[values[own_key]] = {name: _plain(values[name]) for name in names}
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it. What JSON has no word for is kept as its text."""
    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="strings", fallback=str)


def _differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {name: [old.get(name), new.get(name)] for name in old | new if old.get(name) != new.get(name)}
