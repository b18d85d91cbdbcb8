"""`CursorPage`: the part of a list behind a place in its order. It neither skips nor repeats rows while others come and go."""

import datetime
import decimal
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from secrets import token_urlsafe
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from trine.binding import Depends, Query
from trine.errors import BadSignature, RequestValidationError
from trine.http import Request, Response
from trine.security import Signer
from trine.settings import Problem, Settings, check_secret_key
from trine.types import RowSource

from .links import LINK_HEADER, link_line
from .lookups import read_field
from .rows import as_rows
from .structs import PageModel, item_of

T = TypeVar("T")
MAX_CURSOR = 4096


class CursorPage(PageModel, Generic[T]):
    """A part of a list behind a cursor: `response_model=CursorPage[Item]` adds `?cursor=` and `?size=`.

    Rows stand in the order that they come with, or in `order_by`, and `unique_field` decides between equal ones. Cursors are
    signed, not secret: a client can read the values of these fields of the rows that it got. There is no total: counting
    is what a cursor saves.
    """

    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    order_by: ClassVar[tuple[str, ...]] = ()
    unique_field: ClassVar[str] = "id"
    response_headers: ClassVar[Mapping[str, Any]] = {"Link": LINK_HEADER}

    items: list[T]
    next: str | None
    previous: str | None

    @classmethod
    def check(cls, settings: Settings) -> Sequence[Problem]:
        """Ask for a secret key."""
        return check_secret_key(settings, cls.__name__)

    @classmethod
    def __complete__(cls, item: Any = None) -> Callable[..., Awaitable[Any]]:
        item = item or item_of(cls)
        params = _params(cls.page_size, cls.max_page_size)

        async def as_cursor_page(
            value: Any, params: Annotated[_CursorParams, Depends(params)], request: Request, response: Response
        ) -> Any:
            if isinstance(value, Response):
                return value
            rows = await as_rows(value, item)
            order = complete_order(rows.ordering or cls.order_by, cls.unique_field)
            part = await _read_part(rows, order, params)
            response.headers["link"] = link_line(request, _targets(part, params))
            return part

        # `App.problems` asks whatever answers requests.
        as_cursor_page.check = cls.check  # type: ignore[attr-defined] # functions carry attributes
        return as_cursor_page


@dataclass(frozen=True)
class _Place:
    """A place in an order: right behind the row with these values, or right before it."""

    order: tuple[str, ...]
    values: tuple[Any, ...]
    is_backward: bool


@dataclass(frozen=True)
class _CursorParams:
    cursor: str | None
    place: _Place | None
    size: int
    signer: Signer

    def write(self, order: tuple[str, ...], row: Any, *, is_backward: bool) -> str:
        values = [_written(read_field(row, field.lstrip("-"))) for field in order]
        text = self.signer.sign([list(order), values, is_backward])
        if len(text) > MAX_CURSOR:
            raise ValueError(f"A cursor over {', '.join(order)} has {len(text)} characters. Order by shorter fields.")
        return text


def complete_order(order: Sequence[str], unique_field: str) -> tuple[str, ...]:
    """An order in which no two rows are equal."""
    fields = [field.lstrip("-") for field in order]
    return tuple(order) if unique_field in fields else (*order, unique_field)


async def _read_part(rows: RowSource[Any], order: tuple[str, ...], params: _CursorParams) -> dict[str, Any]:
    place = params.place
    if place is None:
        place, walked = _Place(order, (), is_backward=False), order
    elif place.order != order:
        raise RequestValidationError([_refusal(params.cursor, "The cursor belongs to another order")])
    else:
        walked = _reversed(order) if place.is_backward else order
        rows = rows.filter_any(*behind(walked, place.values))
    found = await rows.order_by(*walked).fetch(0, params.size + 1)
    items, has_more = list(found[: params.size]), len(found) > params.size
    came_from_there = bool(place.values) and bool(items)
    has_next, has_previous = has_more, came_from_there
    if place.is_backward:
        items.reverse()
        has_next, has_previous = came_from_there, has_more
    return {
        "items": items,
        "next": params.write(order, items[-1], is_backward=False) if has_next else None,
        "previous": params.write(order, items[0], is_backward=True) if has_previous else None,
    }


def behind(order: Sequence[str], values: Sequence[Any]) -> list[dict[str, Any]]:
    """What rows fit that stand behind these values: equal up to some field, and further in that one. None is the least value."""
    alternatives: list[dict[str, Any]] = []
    equal: dict[str, Any] = {}
    for field, value in zip(order, values, strict=True):
        path, is_descending = field.lstrip("-"), field.startswith("-")
        if is_descending and value is not None:
            alternatives += [{**equal, f"{path}__lt": value}, {**equal, f"{path}__isnull": True}]
        elif not is_descending:
            further = {f"{path}__isnull": False} if value is None else {f"{path}__gt": value}
            alternatives.append({**equal, **further})
        equal |= {f"{path}__isnull": True} if value is None else {path: value}
    return alternatives


def _reversed(order: Sequence[str]) -> tuple[str, ...]:
    return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in order)


def _targets(part: Mapping[str, Any], params: _CursorParams) -> list[tuple[str, dict[str, Any]]]:
    cursors = {"prev": part["previous"], "next": part["next"]}
    return [(relation, {"cursor": cursor, "size": params.size}) for relation, cursor in cursors.items() if cursor is not None]


@cache
def _params(page_size: int, max_page_size: int) -> Callable[..., Awaitable[_CursorParams]]:
    async def read_cursor(
        request: Request,
        cursor: Annotated[
            str | None, Query(max_length=MAX_CURSOR, description="Where to go on, as the last answer said.")
        ] = None,
        size: Annotated[int, Query(ge=1, le=max_page_size, description="How many items a page has.")] = page_size,
    ) -> _CursorParams:
        signer = _signer(request.app.settings)
        return _CursorParams(cursor, None if cursor is None else _read(signer, cursor), size, signer)

    return read_cursor


def _signer(settings: Settings) -> Signer:
    key = settings.secret_key
    # Without a key, which production refuses to start with, cursors count as long as the process.
    secret = _PROCESS_KEY if key is None or not key.get_secret_value() else key.get_secret_value()
    return _make_signer(secret, tuple(key.get_secret_value() for key in settings.secret_key_fallbacks))


_PROCESS_KEY = token_urlsafe(32)


@cache
def _make_signer(key: str, fallbacks: tuple[str, ...]) -> Signer:
    return Signer(key, salt="cursor", fallbacks=fallbacks)


def _read(signer: Signer, cursor: str) -> _Place:
    try:
        order, values, is_backward = signer.unsign(cursor)
        return _Place(tuple(order), tuple(map(_value, values)), is_backward)
    except (BadSignature, ValueError, TypeError, KeyError):
        raise RequestValidationError([_refusal(cursor, "The cursor is none that this list has given")]) from None


def _refusal(cursor: str | None, message: str) -> dict[str, Any]:
    return {"type": "cursor_invalid", "loc": ["query", "cursor"], "msg": message, "input": cursor}


# Values that JSON has no word for travel as their name and their text.
_TEXTS: dict[str, tuple[type, Callable[[str], Any]]] = {
    "datetime": (datetime.datetime, datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.fromisoformat),
    "decimal": (decimal.Decimal, decimal.Decimal),
    "uuid": (uuid.UUID, uuid.UUID),
}


def _written(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    for name, (kind, _) in _TEXTS.items():
        if isinstance(value, kind):
            return [name, value.isoformat() if hasattr(value, "isoformat") else str(value)]
    raise TypeError(f"A cursor cannot hold a {type(value).__name__}. Order by numbers, texts or times.")


def _value(written: Any) -> Any:
    return _TEXTS[written[0]][1](written[1]) if isinstance(written, list) else written
