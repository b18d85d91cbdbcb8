"""Dates, times, numbers and amounts of money as people of a language write them. Also filters of templates."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from .speaker import speaker

if TYPE_CHECKING:
    from babel import Locale

Width = Literal["short", "medium", "long", "full"]


def get_locale() -> "Locale":
    """The language of the visitor, with its formats; English where nobody chooses."""
    from .catalogues import parse_locale

    found = speaker()
    return parse_locale("en") if found is None else found.locale


def get_timezone() -> ZoneInfo:
    """The time zone of the visitor; UTC where nobody chooses."""
    found = speaker()
    return ZoneInfo("UTC") if found is None else found.zone


def to_user_timezone(moment: datetime) -> datetime:
    """The same moment on the visitor's clock. One without a zone is taken for UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)  # noqa: UP017 - says what it is
    return aware.astimezone(get_timezone())


def format_date(value: date | datetime | None = None, width: Width | str = "medium") -> str:
    """A date: `short`, `medium`, `long`, `full`, or a pattern of Unicode's. A moment is told by the visitor's clock."""
    from babel.dates import format_date as format_

    if value is None or isinstance(value, datetime):
        value = to_user_timezone(value or _now()).date()
    return format_(value, width, locale=get_locale())


def format_datetime(value: datetime | None = None, width: Width | str = "medium") -> str:
    """A date and a time, by the visitor's clock."""
    from babel.dates import format_datetime as format_

    return format_(to_user_timezone(value or _now()), width, tzinfo=get_timezone(), locale=get_locale())


def format_time(value: datetime | time | None = None, width: Width | str = "medium") -> str:
    """A time, by the visitor's clock; one that belongs to no day is told as it is."""
    from babel.dates import format_time as format_

    if isinstance(value, time):
        return format_(value, width, locale=get_locale())
    return format_(to_user_timezone(value or _now()), width, tzinfo=get_timezone(), locale=get_locale())


def format_timedelta(value: timedelta | datetime, *, add_direction: bool = False, **options: Any) -> str:
    """A span of time, such as "3 days"; of a moment, how long ago it was."""
    from babel.dates import format_timedelta as format_

    if isinstance(value, datetime):
        value, add_direction = to_user_timezone(value) - _now(), True
    return format_(value, add_direction=add_direction, locale=get_locale(), **options)


def format_number(value: float | Decimal, pattern: str | None = None) -> str:
    """A number."""
    from babel.numbers import format_decimal as format_

    return format_(value, pattern, locale=get_locale())


def format_percent(value: float | Decimal, pattern: str | None = None) -> str:
    """A share: 0.25 is "25%"."""
    from babel.numbers import format_percent as format_

    return format_(value, pattern, locale=get_locale())


def format_currency(value: float | Decimal, currency: str, pattern: str | None = None) -> str:
    """An amount of money."""
    from babel.numbers import format_currency as format_

    return format_(value, currency, pattern, locale=get_locale())


def format_list(values: "list[str]", style: str = "standard") -> str:
    """Several things in a sentence: "tea, coffee, and milk"."""
    from babel.lists import format_list as format_

    return format_(values, style=style, locale=get_locale())  # type: ignore[arg-type] # one of Babel's words


def _now() -> datetime:
    return datetime.now(timezone.utc)  # noqa: UP017 - says what it is
