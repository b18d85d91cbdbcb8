"""Rows in memory as a `RowSource`, and what a handler may return where a page is asked for."""

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from trine.types import RowSource

from .lookups import fits, read_field

T = TypeVar("T")


class ListRows(Generic[T]):
    """Rows in memory. Every filter costs one pass over them, every order one sort, so it is for thousands, not millions."""

    def __init__(self, rows: Iterable[T], ordering: tuple[str, ...] = ()) -> None:
        self._rows: Sequence[T] = rows if isinstance(rows, Sequence) else list(rows)
        self._ordering = ordering

    @property
    def ordering(self) -> tuple[str, ...]:
        """The fields of the order, a `-` before descending ones."""
        return self._ordering

    def filter(self, **lookups: Any) -> Self:
        """Keep the rows that fit every lookup."""
        return self._with([row for row in self._rows if fits(row, lookups)])

    def filter_any(self, *alternatives: Mapping[str, Any]) -> Self:
        """Keep the rows that fit every lookup of at least one alternative."""
        return self._with([row for row in self._rows if any(fits(row, lookups) for lookups in alternatives)])

    def order_by(self, *fields: str) -> Self:
        """Sort the rows; what is equal stays as it was."""
        rows = list(self._rows)
        for field in reversed(fields):
            rows.sort(key=_sort_key(field), reverse=field.startswith("-"))
        return type(self)(rows, fields)

    async def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    async def fetch(self, offset: int, limit: int) -> Sequence[T]:
        """Give a part of the rows."""
        return self._rows[offset : offset + limit]

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _with(self, rows: list[T]) -> Self:
        return type(self)(rows, self._ordering)


def _sort_key(field: str) -> Callable[[Any], tuple[bool, Any]]:
    path = field.lstrip("-")

    def key(row: Any) -> tuple[bool, Any]:
        value = read_field(row, path)
        return value is not None, value

    return key


@dataclass(frozen=True, slots=True)
class Portion:
    """One page that the handler has read itself, and how many rows there are in all."""

    items: Sequence[Any]
    total: int


async def as_rows(value: Any, item: Any = None) -> RowSource[Any]:
    """What a handler returned, as rows: a source as it is, anything that can be iterated as a list.

    A source that can be `shaped` for the type of a page's items reads what that needs, and no more.
    """
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ListRows(value)
    if hasattr(value, "fetch") and hasattr(value, "filter_any"):
        source: RowSource[Any] = value.shaped(item) if item is not None and hasattr(value, "shaped") else value
        return source
    if isinstance(value, AsyncIterable):
        return ListRows([row async for row in value])
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return ListRows(value)
    raise TypeError(
        f"A page is made of rows, and the handler returned {type(value).__name__}. Return a list, or a source of rows."
    )
