"""MariaDB's and MySQL's own words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .base import Dialect, Element
from .values import is_json, json_key, to_json

if TYPE_CHECKING:
    from ..lookups import Asked


class MySQL(Dialect):
    """MariaDB and MySQL, over asyncmy."""

    name, title = "mysql", "MariaDB"
    has_returning = False
    has_nulls_first = False
    has_conflict_targets = False

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects.mysql.asyncmy import dialect

        made: sa.Dialect = dialect(json_serializer=to_json)
        return made

    def _like(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        # Bytes are compared, since the usual collations tell no cases apart.
        return asked.as_text.op("LIKE BINARY", is_comparison=True)(asked.text(convert))

    def contains(self, asked: "Asked") -> Element:
        """Of text a part, of JSON what it has."""
        if is_json(asked.element) and not isinstance(asked.value, str):
            return sa.func.json_contains(asked.element, asked.param(None, asked.element.type)) == 1
        return super().contains(asked)

    def regex(self, asked: "Asked") -> Element:
        """Fits a regular expression."""
        return asked.as_text.op("REGEXP BINARY", is_comparison=True)(asked.text())

    def iregex(self, asked: "Asked") -> Element:
        """Fits a regular expression, in either case."""
        return sa.func.lower(asked.as_text).op("REGEXP", is_comparison=True)(sa.func.lower(asked.text()))

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return sa.func.json_contains_path(asked.element, "one", asked.text(json_key)) == 1

    def part_of(self, part: str, element: Element) -> Element:
        """A part of a time."""
        if part == "week_day":
            return sa.func.dayofweek(element, type_=sa.Integer())
        if part == "week":
            return sa.func.week(element, 3, type_=sa.Integer())
        return sa.extract(part, element)

    def text_length(self, element: Element) -> Element:
        """How many characters a text has."""
        return sa.func.char_length(element, type_=sa.Integer())

    def array_length(self, element: Element) -> Element:
        """How many values an array has."""
        return sa.func.json_length(element, type_=sa.Integer())

    def truncated(self, part: str, element: Element) -> Element:
        """A time down to a part of it."""
        code = {
            "year": "%Y-01-01 00:00:00",
            "month": "%Y-%m-01 00:00:00",
            "day": "%Y-%m-%d 00:00:00",
            "hour": "%Y-%m-%d %H:00:00",
            "minute": "%Y-%m-%d %H:%i:00",
        }.get(part)
        if code is None:
            self.refuse(f"truncate times to the {part}")
        return sa.cast(sa.func.date_format(element, code), element.type)
