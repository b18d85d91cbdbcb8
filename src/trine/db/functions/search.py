"""How near something is to what is looked for: vectors, how texts are written, and words in them."""

from collections.abc import Hashable
from typing import Any, ClassVar

import sqlalchemy as sa

from ..expressions import Built, Expression
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


class SearchRank(Func):
    """How well a text fits a search, on PostgreSQL: `SearchRank("body", Value("sand worms"))`."""

    function, output_type = "ts_rank", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL has it."""
        if scope.dialect.name != "postgresql":
            scope.dialect.refuse("rank what a search found")
        text, words = arguments
        return sa.func.ts_rank(sa.func.to_tsvector(text), sa.func.websearch_to_tsquery(words), type_=sa.Double())
