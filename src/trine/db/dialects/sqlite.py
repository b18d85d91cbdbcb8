"""SQLite's own words."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..types import Array, Distance
from .base import Dialect, Element
from .patterns import checked_pattern
from .values import is_json, json_key, to_json

if TYPE_CHECKING:
    from ..lookups import Asked


class SQLite(Dialect):
    """SQLite, over Python's own module."""

    name, title = "sqlite", "SQLite"
    has_select_for_update = False
    has_ordered_aggregates = sqlite3.sqlite_version_info >= (3, 44)

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects import sqlite

        made: sa.Dialect = sqlite.dialect(paramstyle="qmark", json_serializer=to_json)
        return made

    def contains(self, asked: "Asked") -> Element:
        """Has a text inside. LIKE would not tell upper from lower case."""
        if isinstance(asked.element.type, Array):
            self.refuse("ask what an array contains", "PostgreSQL can.")
        if is_json(asked.element) and not isinstance(asked.value, str):
            self.refuse("ask what JSON contains", "Ask for single keys: data__key=value.")
        return sa.func.instr(asked.as_text, asked.text()) > 0

    def startswith(self, asked: "Asked") -> Element:
        """Begins with a text."""
        return sa.func.substr(asked.as_text, 1, sa.func.length(asked.text())) == asked.text()

    def endswith(self, asked: "Asked") -> Element:
        """Ends with a text."""
        return sa.or_(asked.text() == "", sa.func.substr(asked.as_text, -sa.func.length(asked.text())) == asked.text())

    def _ilike(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        if isinstance(asked.value, str) and asked.value.isascii():
            return asked.as_text.like(asked.text(convert), escape="\\")
        # SQLite itself folds the letters of English alone.
        fold = sa.func.trine_fold
        return fold(asked.as_text).like(fold(asked.text(convert)), escape="\\")

    def iexact(self, asked: "Asked") -> Element:
        """Equal but for upper and lower case."""
        if asked.value is None:
            return asked.element.is_(None)
        return sa.func.trine_fold(asked.as_text) == sa.func.trine_fold(asked.text())

    def regex(self, asked: "Asked") -> Element:
        """Fits a regular expression of Python."""
        return sa.func.trine_regex(asked.text(checked_pattern), asked.as_text, 0) == 1

    def iregex(self, asked: "Asked") -> Element:
        """Fits a regular expression of Python, in either case."""
        return sa.func.trine_regex(asked.text(checked_pattern), asked.as_text, 1) == 1

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return sa.func.json_type(asked.element, asked.text(json_key)).is_not(None)

    def part_of(self, part: str, element: Element) -> Element:
        """A part of a time. SQLite 3.40 knows no ISO weeks."""
        if part == "week_day":
            return sa.cast(sa.func.strftime("%w", element), sa.Integer()) + 1
        if part == "quarter":
            return (sa.cast(sa.func.strftime("%m", element), sa.Integer()) + 2) // 3
        if part == "week":
            # The Thursday of the same week decides (ISO 8601).
            thursday = sa.func.date(element, "-3 days", "weekday 4")
            return (sa.cast(sa.func.strftime("%j", thursday), sa.Integer()) - 1) // 7 + 1
        code = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}[part]
        return sa.cast(sa.func.strftime(code, element), sa.Integer())

    def date_of(self, element: Element) -> Element:
        """The day of a point in time."""
        return sa.func.date(element, type_=sa.Date())

    def time_of(self, element: Element) -> Element:
        """The time of day."""
        return sa.func.strftime("%H:%M:%f000", element, type_=sa.Time())

    def truncated(self, part: str, element: Element) -> Element:
        """A time down to a part of it, written as times are kept."""
        if part == "week":
            day = sa.func.date(element, "-6 days", "weekday 1")
            return sa.func.strftime("%Y-%m-%d 00:00:00.000000", day, type_=element.type)
        if part == "quarter":
            self.refuse("truncate times to the quarter")
        code = {
            "year": "%Y-01-01 00:00:00.000000",
            "month": "%Y-%m-01 00:00:00.000000",
            "day": "%Y-%m-%d 00:00:00.000000",
            "hour": "%Y-%m-%d %H:00:00.000000",
            "minute": "%Y-%m-%d %H:%M:00.000000",
        }[part]
        if isinstance(element.type, sa.Date):
            code = code.partition(" ")[0]
        return sa.func.strftime(code, element, type_=element.type)

    def distance(self, kind: str, left: Element, right: Element) -> Element:
        """How far apart vectors are, by a function of ours."""
        return sa.func.trine_distance(kind, left, right, type_=Distance())

    def explain(self, sql: str) -> str:
        """How the statement would be run."""
        return f"EXPLAIN QUERY PLAN {sql}"
