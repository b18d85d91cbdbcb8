"""What each database says in its own words, and what it cannot do."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from .errors import NotSupported
from .types import Array

if TYPE_CHECKING:
    from .lookups import Asked

Element = Any


def _json(value: Any) -> str:
    """JSON of a value. What is not finite is no JSON, whatever a database would take."""
    return json.dumps(value, allow_nan=False)


def _escaped(text: Any) -> str:
    return str(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _inside(text: Any) -> str:
    return f"%{_escaped(text)}%"


def _at_start(text: Any) -> str:
    return f"{_escaped(text)}%"


def _at_end(text: Any) -> str:
    return f"%{_escaped(text)}"


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
        length = _length(asked)
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
        return self._like(asked, _inside)

    def startswith(self, asked: "Asked") -> Element:
        """Begins with a text."""
        return self._like(asked, _at_start)

    def endswith(self, asked: "Asked") -> Element:
        """Ends with a text."""
        return self._like(asked, _at_end)

    def _ilike(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        return sa.func.lower(asked.as_text).like(sa.func.lower(asked.text(convert)), escape="\\")

    def icontains(self, asked: "Asked") -> Element:
        """Has a text inside, in either case."""
        return self._ilike(asked, _inside)

    def istartswith(self, asked: "Asked") -> Element:
        """Begins with a text, in either case."""
        return self._ilike(asked, _at_start)

    def iendswith(self, asked: "Asked") -> Element:
        """Ends with a text, in either case."""
        return self._ilike(asked, _at_end)

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


def _length(asked: "Asked") -> int:
    return asked.leaf.size(asked.scope)


class PostgreSQL(Dialect):
    """PostgreSQL, over asyncpg."""

    name, title = "postgresql", "PostgreSQL"
    arrays = True
    null_is_least = False
    has_distinct_on = True
    has_schemas = True

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects.postgresql.asyncpg import dialect

        made: sa.Dialect = dialect(json_serializer=_json)  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
        return made

    def is_one_of(self, asked: "Asked", element: Element) -> Element:
        """`= ANY`: one statement for lists of any length."""
        kind = asked.compared.type
        return asked.compared == sa.any_(asked.scope.param(asked.leaf.at, postgresql.ARRAY(kind), None, asked.leaf.path))

    def _ilike(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        return asked.as_text.ilike(asked.text(convert), escape="\\")

    def contains(self, asked: "Asked") -> Element:
        """Of text a part, of JSON and arrays what they have."""
        if _is_json(asked.element) and not isinstance(asked.value, str):
            return asked.element.op("@>")(asked.param(None, postgresql.JSONB()))
        if isinstance(asked.element.type, Array):
            return asked.element.op("@>")(asked.param(_as_list, asked.element.type))
        return super().contains(asked)

    def contained_by(self, asked: "Asked") -> Element:
        """JSON or an array is a part of the value."""
        kind = postgresql.JSONB() if _is_json(asked.element) else asked.element.type
        return asked.element.op("<@")(asked.param(None, kind))

    def overlap(self, asked: "Asked") -> Element:
        """An array has one of the values."""
        return asked.element.op("&&")(asked.param(_as_list, asked.element.type))

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return asked.element.op("?")(asked.text(str))

    def has_keys(self, asked: "Asked") -> Element:
        """A JSON object has all of several keys."""
        return asked.element.op("?&")(asked.param(_as_list, postgresql.ARRAY(sa.Text())))

    def has_any_keys(self, asked: "Asked") -> Element:
        """A JSON object has one of several keys."""
        return asked.element.op("?|")(asked.param(_as_list, postgresql.ARRAY(sa.Text())))

    def search(self, asked: "Asked") -> Element:
        """Has the words of a search, as people write it: quotes, `or` and `-` are understood."""
        words = sa.func.websearch_to_tsquery(asked.text())
        return sa.func.to_tsvector(asked.as_text).op("@@")(words)

    def trigram_similar(self, asked: "Asked") -> Element:
        """Is written much like a text. The extension pg_trgm has it."""
        return asked.as_text.op("%")(asked.text())

    def array_length(self, element: Element) -> Element:
        """How many values an array has."""
        return sa.func.cardinality(element, type_=sa.Integer())

    def truncated(self, part: str, element: Element) -> Element:
        """A time down to a part of it."""
        # A part of the text, not a value: DISTINCT must see that both places are the same.
        return sa.func.date_trunc(sa.literal_column(f"'{part}'"), element, type_=element.type)

    def distance(self, kind: str, left: Element, right: Element) -> Element:
        """How far apart vectors are, by pgvector."""
        operator = {"l2": "<->", "cosine": "<=>", "inner": "<#>", "l1": "<+>"}[kind]
        return left.op(operator, return_type=sa.Double())(right)

    def explain(self, sql: str) -> str:
        """How the statement would be run."""
        return f"EXPLAIN {sql}"


class SQLite(Dialect):
    """SQLite, over Python's own module."""

    name, title = "sqlite", "SQLite"
    has_select_for_update = False

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects import sqlite

        made: sa.Dialect = sqlite.dialect(paramstyle="qmark", json_serializer=_json)
        return made

    def contains(self, asked: "Asked") -> Element:
        """Has a text inside. LIKE would not tell upper from lower case."""
        if isinstance(asked.element.type, Array):
            self.refuse("ask what an array contains", "PostgreSQL can.")
        if _is_json(asked.element) and not isinstance(asked.value, str):
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
        return sa.func.trine_regex(asked.text(), asked.as_text, 0) == 1

    def iregex(self, asked: "Asked") -> Element:
        """Fits a regular expression of Python, in either case."""
        return sa.func.trine_regex(asked.text(), asked.as_text, 1) == 1

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return sa.func.json_type(asked.element, asked.text(_json_key)).is_not(None)

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
        return sa.func.trine_distance(kind, left, right, type_=sa.Double())

    def explain(self, sql: str) -> str:
        """How the statement would be run."""
        return f"EXPLAIN QUERY PLAN {sql}"


class MySQL(Dialect):
    """MariaDB and MySQL, over asyncmy."""

    name, title = "mysql", "MariaDB"
    has_returning = False
    has_nulls_first = False
    has_conflict_targets = False

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects.mysql.asyncmy import dialect

        made: sa.Dialect = dialect(json_serializer=_json)
        return made

    def _like(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        # Bytes are compared, since the usual collations tell no cases apart.
        return asked.as_text.op("LIKE BINARY", is_comparison=True)(asked.text(convert))

    def contains(self, asked: "Asked") -> Element:
        """Of text a part, of JSON what it has."""
        if _is_json(asked.element) and not isinstance(asked.value, str):
            return sa.func.json_contains(asked.element, asked.param(None, asked.element.type)) == 1
        return super().contains(asked)

    def regex(self, asked: "Asked") -> Element:
        """Fits a regular expression."""
        return asked.as_text.op("REGEXP BINARY", is_comparison=True)(asked.text())

    def iregex(self, asked: "Asked") -> Element:
        """Fits a regular expression, in either case."""
        return sa.func.lower(asked.as_text).op("REGEXP")(sa.func.lower(asked.text()))

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return sa.func.json_contains_path(asked.element, "one", asked.text(_json_key)) == 1

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


DIALECTS: dict[str, type[Dialect]] = {"postgresql": PostgreSQL, "sqlite": SQLite, "mysql": MySQL, "mariadb": MySQL}


def _is_json(element: Element) -> bool:
    return isinstance(getattr(element.type, "impl_instance", element.type), sa.JSON) and not isinstance(element.type, Array)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _json_key(key: Any) -> str:
    quoted = str(key).replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{quoted}"'
