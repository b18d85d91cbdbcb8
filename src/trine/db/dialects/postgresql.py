"""PostgreSQL's own words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..types import Array, Distance
from .base import Dialect, Element
from .values import as_list, is_json, to_json
from .words import web_query

if TYPE_CHECKING:
    from ..lookups import Asked


class PostgreSQL(Dialect):
    """PostgreSQL, over asyncpg."""

    name, title = "postgresql", "PostgreSQL"
    arrays = True
    null_is_least = False
    has_distinct_on = True
    has_schemas = True

    def _make(self) -> sa.Dialect:
        from sqlalchemy.dialects.postgresql.asyncpg import dialect

        made: sa.Dialect = dialect(json_serializer=to_json)  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
        return made

    def is_one_of(self, asked: "Asked", element: Element) -> Element:
        """`= ANY`: one statement for lists of any length."""
        kind = asked.compared.type
        return asked.compared == sa.any_(asked.scope.param(asked.leaf.at, postgresql.ARRAY(kind), None, asked.leaf.path))

    def _ilike(self, asked: "Asked", convert: Callable[[Any], str]) -> Element:
        return asked.as_text.ilike(asked.text(convert), escape="\\")

    def contains(self, asked: "Asked") -> Element:
        """Of text a part, of JSON and arrays what they have."""
        if is_json(asked.element) and not isinstance(asked.value, str):
            return asked.element.op("@>", is_comparison=True)(asked.param(None, postgresql.JSONB()))
        if isinstance(asked.element.type, Array):
            return asked.element.op("@>", is_comparison=True)(asked.param(as_list, asked.element.type))
        return super().contains(asked)

    def contained_by(self, asked: "Asked") -> Element:
        """JSON or an array is a part of the value."""
        kind = postgresql.JSONB() if is_json(asked.element) else asked.element.type
        return asked.element.op("<@", is_comparison=True)(asked.param(None, kind))

    def overlap(self, asked: "Asked") -> Element:
        """An array has one of the values."""
        return asked.element.op("&&", is_comparison=True)(asked.param(as_list, asked.element.type))

    def has_key(self, asked: "Asked") -> Element:
        """A JSON object has a key."""
        return asked.element.op("?", is_comparison=True)(asked.text(str))

    def has_keys(self, asked: "Asked") -> Element:
        """A JSON object has all of several keys."""
        return asked.element.op("?&", is_comparison=True)(asked.param(as_list, postgresql.ARRAY(sa.Text())))

    def has_any_keys(self, asked: "Asked") -> Element:
        """A JSON object has one of several keys."""
        return asked.element.op("?|", is_comparison=True)(asked.param(as_list, postgresql.ARRAY(sa.Text())))

    def search(self, asked: "Asked") -> Element:
        """Has the words of a search, as people write it: quotes, `or` and `-` are understood."""
        vector = asked.element
        if not isinstance(vector.type, postgresql.TSVECTOR):
            vector = sa.func.to_tsvector(asked.as_text)
        words = asked.text()
        if not isinstance(words.type, postgresql.TSQUERY):
            words = web_query(words, getattr(vector.type, "config", None))
        return vector.op("@@", is_comparison=True)(words)

    def trigram_similar(self, asked: "Asked") -> Element:
        """Is written much like a text. The extension pg_trgm has it."""
        return asked.as_text.op("%", is_comparison=True)(asked.text())

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
        return left.op(operator, return_type=Distance())(right)

    def explain(self, sql: str) -> str:
        """How the statement would be run."""
        return f"EXPLAIN {sql}"
