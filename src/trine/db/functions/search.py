"""How near something is to what is looked for: vectors, how texts are written, and words in them."""

from collections.abc import Hashable
from functools import reduce
from typing import Any, ClassVar, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..dialects.words import SearchVectorType, checked_config
from ..errors import FieldError
from ..expressions import Built, Expression, as_expression, as_value
from ..scope import Scope, Shape
from .base import Func


class _Distance(Func):
    kind: ClassVar[str] = ""

    def __init__(self, expression: Any, vector: Any) -> None:
        super().__init__(expression, function="distance")
        self.vector = vector

    def shape(self, into: Shape) -> Hashable:
        inner = super().shape(into)
        if not isinstance(self.vector, Expression):
            into.values.append(self.vector)
            return (inner, None)
        return (inner, self.vector.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        left = self.arguments[0].build(scope, at)
        at += self.arguments[0].size(scope)
        right = self.vector.build(scope, at) if isinstance(self.vector, Expression) else scope.param(at, left.type)
        return scope.dialect.distance(self.kind, left, right)


class L2Distance(_Distance):
    """How far two vectors are apart."""

    kind = "l2"


class CosineDistance(_Distance):
    """How different the directions of two vectors are: from 0 for the same to 2 for the opposite."""

    kind = "cosine"


class MaxInnerProduct(_Distance):
    """The negative inner product of two vectors: the least is the most similar."""

    kind = "inner"


class TrigramSimilarity(Func):
    """How alike two texts are written, from 0 to 1, with pg_trgm: `TrigramSimilarity("title", Value("dune"))`."""

    function, output_type = "similarity", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL has it."""
        if scope.dialect.name != "postgresql":
            scope.dialect.refuse("compare how texts are written with TrigramSimilarity", "PostgreSQL with pg_trgm can.")
        return sa.func.similarity(*arguments, type_=sa.Double())


class _Words(Expression):
    """Words as PostgreSQL searches for them."""

    def _config(self, config: str | None) -> list[Any]:
        return [] if config is None else [sa.literal_column(f"'{config}'::regconfig")]


class SearchVector(_Words):
    """The words of fields, on PostgreSQL: `SearchVector("title", weight="A") + SearchVector("body", weight="B")`.

    As an annotation it is filtered with a `SearchQuery`, or with what people type: `filter(words="sand -worms")`. `config` is a
    configuration of the server, such as "english".
    """

    def __init__(self, *expressions: Any, config: str | None = None, weight: str | None = None) -> None:
        if not expressions:
            raise FieldError("SearchVector() names no field. Write: SearchVector('title').")
        self.arguments = [as_expression(expression) for expression in expressions]
        self.config = checked_config(config)
        if weight not in (None, "A", "B", "C", "D"):
            raise FieldError(f"{weight!r} is no weight. There are A, B, C and D.")
        self.weight = weight

    def shape(self, into: Shape) -> Hashable:
        """Its fields, configuration and weight."""
        return ("SearchVector", self.config, self.weight, tuple(item.shape(into) for item in self.arguments))

    def build(self, scope: Scope, at: int) -> Built:
        """One vector of all texts."""
        _refuse_others(scope)
        texts: list[Built] = []
        for argument in self.arguments:
            built = argument.build(scope, at)
            at += argument.size(scope)
            texts.append(sa.func.coalesce(sa.cast(built, sa.Text()), sa.literal_column("''")))
        text = reduce(_spaced, texts)
        vector = sa.func.to_tsvector(*self._config(self.config), text, type_=SearchVectorType(self.config))
        return (
            vector if self.weight is None else sa.func.setweight(vector, sa.literal_column(f"'{self.weight}'"), type_=vector.type)
        )

    def __add__(self, other: Any) -> "_Joined":
        return _Joined(self, "||", other)


class SearchQuery(_Words):
    """What is searched for, on PostgreSQL. Queries are joined by `&` and `|`, and turned round by `~`.

    A `search_type` of "websearch" reads what people type, quotes, `or` and `-` included; "plain" asks for every word, "phrase"
    for the words in a row, and "raw" is PostgreSQL's own language, in which mistakes are refused.
    """

    def __init__(
        self,
        value: Any,
        *,
        config: str | None = None,
        search_type: Literal["websearch", "plain", "phrase", "raw"] = "websearch",
    ) -> None:
        if search_type not in _QUERIES:
            raise FieldError(f"{search_type!r} is no type of search. There are {', '.join(_QUERIES)}.")
        self.value = as_value(value)
        self.config = checked_config(config)
        self.search_type = search_type

    def shape(self, into: Shape) -> Hashable:
        """Its type and configuration."""
        return ("SearchQuery", self.search_type, self.config, self.value.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        """A query."""
        _refuse_others(scope)
        function = getattr(sa.func, _QUERIES[self.search_type])
        return function(*self._config(self.config), self.value.build(scope, at), type_=postgresql.TSQUERY())

    def __and__(self, other: "SearchQuery | _Joined") -> "_Joined":
        return _Joined(self, "&&", other)

    def __or__(self, other: "SearchQuery | _Joined") -> "_Joined":
        return _Joined(self, "||", other)

    def __invert__(self) -> "_Joined":
        return _Joined(self, "!!")


_QUERIES = {
    "websearch": "websearch_to_tsquery",
    "plain": "plainto_tsquery",
    "phrase": "phraseto_tsquery",
    "raw": "to_tsquery",
}


class _Joined(_Words):
    """Two vectors as one, or queries joined."""

    def __init__(self, left: Expression, operator: str, right: Expression | None = None) -> None:
        self.left, self.operator, self.right = left, operator, right

    def shape(self, into: Shape) -> Hashable:
        return (self.left.shape(into), self.operator, None if self.right is None else self.right.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        left = self.left.build(scope, at)
        if self.right is None:
            return sa.func.tsquery_not(left, type_=left.type)
        right = self.right.build(scope, at + self.left.size(scope))
        return sa.Grouping(left.op(self.operator, return_type=left.type)(right))

    def __add__(self, other: Any) -> "_Joined":
        return _Joined(self, "||", other)

    def __and__(self, other: Any) -> "_Joined":
        return _Joined(self, "&&", other)

    def __or__(self, other: Any) -> "_Joined":
        return _Joined(self, "||", other)

    def __invert__(self) -> "_Joined":
        return _Joined(self, "!!")


class SearchRank(Func):
    """How well a text fits a search, on PostgreSQL: `SearchRank("body", Value("sand worms"))`.

    Both may be a field or a text, or a `SearchVector` and a `SearchQuery` with a configuration and weights of their own.
    """

    function, output_type = "ts_rank", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL has it."""
        if scope.dialect.name != "postgresql":
            scope.dialect.refuse("rank what a search found")
        text, words = arguments
        vector = text if isinstance(text.type, postgresql.TSVECTOR) else sa.func.to_tsvector(text)
        query = words if isinstance(words.type, postgresql.TSQUERY) else sa.func.websearch_to_tsquery(words)
        return sa.func.ts_rank(vector, query, type_=sa.Double())


def _spaced(one: Built, other: Built) -> Built:
    return one.op("||")(sa.literal_column("' '")).op("||")(other)


def _refuse_others(scope: Scope) -> None:
    if scope.dialect.name != "postgresql":
        scope.dialect.refuse("search for words", "Ask with icontains, or use PostgreSQL.")
