"""What each database says in its own words, and what it cannot do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa

from ..errors import NotSupported
from .values import at_end, at_start, inside

if TYPE_CHECKING:
    from ..lookups import Asked

Element = Any


class Dialect:
    """A database's own words. What is not overridden is understood everywhere."""

    name = ""
    title = ""
    arrays = False
    """Whether a list is one value of a statement."""
    null_is_least = True
    has_nulls_first = True
    has_returning = True
    has_select_for_update = True
    has_distinct_on = False
    has_schemas = False
    has_conflict_targets = True
    has_ordered_aggregates = True

    def __init__(self) -> None:
        self.sqlalchemy = self._make()

    def _make(self) -> sa.Dialect:
        raise NotImplementedError

    def cannot(self, what: str, hint: str = "") -> NotSupported:
        """The error for what this database cannot do."""
        return NotSupported(f"{self.title} cannot {what}.{' ' + hint if hint else ''}")

    def refuse(self, what: str, hint: str = "") -> NoReturn:
        """Refuse what this database cannot do."""
        raise self.cannot(what, hint)

    # Lookups ----------------------------------------------------------------------------------------------------

    def is_one_of(self, asked: "Asked", element: Element) -> Element:
        """`in`: one place for each value."""
        length = asked.leaf.size(asked.scope)
        if not length:
            return sa.false()
        scope, at = asked.scope, asked.leaf.at
        return element.in_([scope.param(at + number, element.type, None, asked.leaf.path) for number in range(length)])

    def iexact(self, asked: "Asked") -> Element:
        """Equal but for upper and lower case."""
        if asked.value is None:
            return asked.element.is_(None)
        return sa.func.lower(asked.as_text) == sa.func.lower(asked.text())

    def _like(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        return asked.as_text.like(asked.text(convert), escape="\\")

    def contains(self, asked: "Asked") -> Element:
        """Has a text inside."""
        return self._like(asked, inside)

    def startswith(self, asked: "Asked") -> Element:
        """Begins with a text."""
        return self._like(asked, at_start)

    def endswith(self, asked: "Asked") -> Element:
        """Ends with a text."""
        return self._like(asked, at_end)

    def _ilike(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        return sa.func.lower(asked.as_text).like(sa.func.lower(asked.text(convert)), escape="\\")

    def icontains(self, asked: "Asked") -> Element:
        """Has a text inside, in either case."""
        return self._ilike(asked, inside)

    def istartswith(self, asked: "Asked") -> Element:
        """Begins with a text, in either case."""
        return self._ilike(asked, at_start)

    def iendswith(self, asked: "Asked") -> Element:
        """Ends with a text, in either case."""
        return self._ilike(asked, at_end)

    def regex(self, asked: "Asked") -> Element:
        """Fits a regular expression."""
        return asked.as_text.regexp_match(asked.text())

    def iregex(self, asked: "Asked") -> Element:
        """Fits a regular expression, in either case."""
        return asked.as_text.regexp_match(asked.text(), flags="i")

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        self.refuse("look for keys of JSON")

    def has_keys(self, asked: "Asked") -> Element:
        """A JSON object has all of several keys."""
        self.refuse("look for keys of JSON with has_keys", "Ask with has_key, once for each.")

    def has_any_keys(self, asked: "Asked") -> Element:
        """A JSON object has one of several keys."""
        self.refuse("look for keys of JSON with has_any_keys", "Ask with has_key and Q(...) | Q(...).")

    def contained_by(self, asked: "Asked") -> Element:
        """JSON or an array is a part of the value."""
        self.refuse("ask for 'contained_by'")

    def overlap(self, asked: "Asked") -> Element:
        """An array has one of the values."""
        self.refuse("ask whether arrays overlap", "PostgreSQL can.")

    def search(self, asked: "Asked") -> Element:
        """Has the words of a search."""
        self.refuse("search for words with 'search'", "Ask with icontains, or use PostgreSQL.")

    def trigram_similar(self, asked: "Asked") -> Element:
        """Is written much like a text."""
        self.refuse("compare how texts are written with 'trigram_similar'", "PostgreSQL with pg_trgm can.")

    # Parts ------------------------------------------------------------------------------------------------------

    def part_of(self, part: str, element: Element) -> Element:
        """A part of a time: `week` is ISO's, and of `week_day` Sunday is 1."""
        if part == "week_day":
            return sa.cast(sa.extract("dow", element), sa.Integer()) + 1
        return sa.cast(sa.extract(part, element), sa.Integer())

    def date_of(self, element: Element) -> Element:
        """The day of a point in time."""
        return sa.cast(element, sa.Date())

    def time_of(self, element: Element) -> Element:
        """The time of day."""
        return sa.cast(element, sa.Time())

    def text_length(self, element: Element) -> Element:
        """How many characters a text has."""
        return sa.func.length(element, type_=sa.Integer())

    def array_length(self, element: Element) -> Element:
        """How many values an array has."""
        return sa.func.json_array_length(element, type_=sa.Integer())

    def truncated(self, part: str, element: Element) -> Element:
        """A time down to its year, month, week, day or hour."""
        self.refuse(f"truncate times to the {part}")

    def distance(self, kind: str, left: Element, right: Element) -> Element:
        """How far apart vectors are."""
        self.refuse("compare vectors")

    def explain(self, sql: str) -> str:
        """The statement that shows how another is run."""
        return f"EXPLAIN {sql}"
