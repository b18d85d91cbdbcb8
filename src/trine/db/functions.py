"""Functions of the database, under Django's names."""

from collections.abc import Hashable
from typing import Any, ClassVar

import sqlalchemy as sa

from .errors import FieldError
from .expressions import Built, Expression, F, Q, Value, as_expression, as_value
from .scope import Scope, Shape

__all__ = [
    "Abs",
    "Aggregate",
    "ArrayAgg",
    "Avg",
    "Cast",
    "Ceil",
    "Coalesce",
    "Concat",
    "CosineDistance",
    "Count",
    "DenseRank",
    "Extract",
    "FirstValue",
    "Floor",
    "Func",
    "Greatest",
    "L2Distance",
    "Lag",
    "LastValue",
    "Lead",
    "Least",
    "Left",
    "Length",
    "Lower",
    "Max",
    "MaxInnerProduct",
    "Min",
    "Now",
    "NullIf",
    "Random",
    "Rank",
    "Replace",
    "Round",
    "RowNumber",
    "SearchRank",
    "StdDev",
    "StringAgg",
    "Substr",
    "Sum",
    "TrigramSimilarity",
    "Trim",
    "Trunc",
    "Upper",
]


class Func(Expression):
    """A function of fields and values: `Func("title", function="REVERSE", output=sa.Text())`. A text is a field's name."""

    function: ClassVar[str] = ""
    output_type: ClassVar[Any] = None

    def __init__(self, *arguments: Any, function: str = "", output: Any = None) -> None:
        self.arguments = [as_expression(argument) for argument in arguments]
        self.name = function or self.function
        if not self.name.replace("_", "").isalnum():
            raise FieldError(f"{self.name!r} is no name of a function.")
        self.output = self.output_type if output is None else output
        self.has_aggregate = any(argument.has_aggregate for argument in self.arguments)

    def shape(self, into: Shape) -> Hashable:
        """Its name and arguments."""
        return (type(self).__name__, self.name, repr(self.output), tuple(item.shape(into) for item in self.arguments))

    def build(self, scope: Scope, at: int) -> Built:
        """A call."""
        return self.call(scope, *self.built(scope, at))

    def built(self, scope: Scope, at: int) -> list[Built]:
        """The arguments."""
        made = []
        for argument in self.arguments:
            made.append(argument.build(scope, at))
            at += argument.size(scope)
        return made

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """The call with its arguments."""
        kind = self.output if self.output is not None else arguments[0].type if arguments else None
        return getattr(sa.func, self.name.lower())(*arguments, type_=kind)


class Lower(Func):
    """Lower case."""

    function = "lower"


class Upper(Func):
    """Upper case."""

    function = "upper"


class Trim(Func):
    """Without spaces at both ends."""

    function = "trim"


class Length(Func):
    """How many characters."""

    function, output_type = "length", sa.Integer()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has a word of its own."""
        return scope.dialect.text_length(arguments[0])


class Coalesce(Func):
    """The first that is not None."""

    function = "coalesce"


class NullIf(Func):
    """None where two are equal."""

    function = "nullif"


class Greatest(Func):
    """The greatest of several."""

    function = "greatest"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """SQLite says max."""
        word = "max" if scope.dialect.name == "sqlite" else "greatest"
        return getattr(sa.func, word)(*arguments, type_=arguments[0].type)


class Least(Func):
    """The least of several."""

    function = "least"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """SQLite says min."""
        word = "min" if scope.dialect.name == "sqlite" else "least"
        return getattr(sa.func, word)(*arguments, type_=arguments[0].type)


class Abs(Func):
    """Without its sign."""

    function = "abs"


class Ceil(Func):
    """The next whole number above."""

    function = "ceil"


class Floor(Func):
    """The next whole number below."""

    function = "floor"


class Round(Func):
    """Rounded: `Round("price", Value(1))`."""

    function = "round"


class Replace(Func):
    """A text with another instead: `Replace("title", Value("a"), Value("b"))`."""

    function = "replace"


class Left(Func):
    """The first characters: `Left("title", 3)`."""

    function = "substr"

    def __init__(self, expression: Any, length: int) -> None:
        super().__init__(expression, Value(1), Value(length))


class Substr(Func):
    """A part of a text, counted from 1: `Substr("title", 2, 3)`."""

    function = "substr"

    def __init__(self, expression: Any, position: int, length: int | None = None) -> None:
        super().__init__(expression, Value(position), *([] if length is None else [Value(length)]))


class Concat(Func):
    """Texts one after the other; None is an empty one."""

    function, output_type = "concat", sa.Text()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """None adds nothing."""
        made: Any = sa.literal("", sa.Text())
        for argument in arguments:
            made = made + sa.func.coalesce(
                sa.cast(argument, sa.Text()) if not _is_text(argument) else argument, "", type_=sa.Text()
            )
        return made


def _is_text(element: Built) -> bool:
    return isinstance(element.type, sa.String)


class Cast(Func):
    """Another type: `Cast("number", sa.Text())`."""

    def __init__(self, expression: Any, output: Any) -> None:
        super().__init__(expression, function="cast", output=output)

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """A CAST."""
        return sa.cast(arguments[0], self.output)


class Now(Func):
    """The time at which the transaction began."""

    function = "now"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """As times are kept."""
        from .types import UTCDateTime

        if scope.dialect.name == "sqlite":
            return sa.func.strftime("%Y-%m-%d %H:%M:%f000", "now", type_=UTCDateTime())
        if scope.dialect.name == "mysql":
            return sa.func.utc_timestamp(6, type_=UTCDateTime())
        return sa.func.now(type_=UTCDateTime())

    def build_default(self) -> Any:
        """The same as the default of a column."""
        return sa.func.now()


class Random(Func):
    """A random number for each row."""

    function, output_type = "random", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """MariaDB says rand."""
        return sa.func.rand() if scope.dialect.name == "mysql" else sa.func.random()


class Extract(Func):
    """A part of a time: `Extract("published", "year")`."""

    def __init__(self, expression: Any, part: str) -> None:
        super().__init__(expression, function="extract")
        self.part = part

    def shape(self, into: Shape) -> Hashable:
        """With the part."""
        return (self.part, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """The transform of the same name."""
        from .lookups import TRANSFORMS

        if self.part not in ("year", "month", "day", "hour", "minute", "second", "week", "week_day", "quarter"):
            raise FieldError(f"{self.part!r} is no part of a time.")
        return TRANSFORMS[self.part](arguments[0], scope)


class Trunc(Func):
    """A time down to its year, quarter, month, week, day, hour or minute: `Trunc("published", "month")`, in UTC."""

    def __init__(self, expression: Any, part: str) -> None:
        super().__init__(expression, function="trunc")
        if part not in ("year", "quarter", "month", "week", "day", "hour", "minute"):
            raise FieldError(f"A time cannot be truncated to {part!r}.")
        self.part = part

    def shape(self, into: Shape) -> Hashable:
        """With the part."""
        return (self.part, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has its own way."""
        return scope.dialect.truncated(self.part, arguments[0])


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


class Aggregate(Func):
    """A function of several rows. Over a relation to many it asks for each row's own, so that none is counted twice."""

    has_aggregate = True

    def __init__(self, expression: Any = "*", *, filter: Q | None = None, distinct: bool = False, default: Any = None) -> None:
        super().__init__(*([] if expression == "*" else [expression]))
        self.is_star = expression == "*"
        self.filter = filter
        self.distinct = distinct
        self.default = None if default is None else as_value(default)
        self.has_aggregate = True

    @property
    def default_name(self) -> str | None:
        """Django's: `price__avg`."""
        named = self.arguments[0].default_name if self.arguments else None
        return None if named is None else f"{named}__{type(self).__name__.lower()}"

    def shape(self, into: Shape) -> Hashable:
        """With its filter."""
        inner = super().shape(into)
        condition = None if self.filter is None else self.filter.shape(into)
        return (inner, self.distinct, condition, None if self.default is None else self.default.shape(into))

    def many_at(self, scope: Scope) -> int | None:
        """How many names of its path lead to many rows."""
        if not self.arguments or not isinstance(self.arguments[0], F) or scope.is_grouped:
            return None
        return scope.first_many(self.arguments[0].name.split("__"))

    def build(self, scope: Scope, at: int) -> Built:
        """A call over the rows of the group, or a subquery over those that are related."""
        count = self.many_at(scope)
        if count is None:
            return self._with_default(self._aggregate(scope, scope, self.arguments, at), scope, at)
        path = self.arguments[0].name.split("__")  # type: ignore[attr-defined] # many_at() has seen that it is an F
        inner, tie = scope.related(path[:count])
        inner.is_grouped = True
        arguments: list[Expression] = [F("__".join(path[count:]) or "pk")]
        made = self._aggregate(inner, scope, arguments, at, skip="__".join(path[:count]) + "__")
        subquery = sa.select(made).select_from(inner.source).where(tie)
        return self._with_default(subquery.correlate(*_tables(scope)).scalar_subquery(), scope, at)

    def _aggregate(self, scope: Scope, outer: Scope, arguments: list[Expression], at: int, skip: str = "") -> Built:
        elements = [argument.build(scope, at) for argument in arguments]
        call = self.call(scope, *elements)
        if self.filter is not None:
            at += sum(argument.size(scope) for argument in self.arguments)
            condition = _without(self.filter, skip).build(scope, at)
            return sa.funcfilter(call, condition) if scope.dialect.name != "mysql" else self._cased(scope, condition, elements)
        return call

    def _cased(self, scope: Scope, condition: Built, elements: list[Built]) -> Built:
        # MariaDB has no FILTER: rows that do not fit count as NULL.
        value: Any = elements[0] if elements else sa.literal_column("1")
        return self.call(scope, sa.case((condition, value), else_=None))

    def _with_default(self, made: Any, scope: Scope, at: int) -> Built:
        if self.default is None:
            return made
        at += self.size(scope) - self.default.size(scope)
        return sa.func.coalesce(made, self.default.build(scope, at), type_=made.type)

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """The call with its arguments."""
        elements: list[Any] = [sa.distinct(argument) for argument in arguments] if self.distinct else list(arguments)
        return getattr(sa.func, self.name)(*elements, type_=self.result_type(*arguments))

    def result_type(self, *arguments: Built) -> Any:
        """The type of the result."""
        return self.output_type if self.output_type is not None else arguments[0].type


def _tables(scope: Scope | None) -> list[Any]:
    tables = []
    while scope is not None:
        tables += list(scope.tables())
        scope = scope.outer
    return tables


def _without(q: Q, prefix: str) -> Q:
    """The same condition, seen from the rows that a prefix leads to."""
    if not prefix:
        return q
    children: list[Any] = []
    for child in q.children:
        if isinstance(child, tuple):
            children.append((child[0].removeprefix(prefix), child[1]))
        else:
            children.append(_without(child, prefix) if isinstance(child, Q) else child)
    return q.with_children(tuple(children))


class Count(Aggregate):
    """How many rows; with a field, how many have one: `Count("comments")`."""

    function, output_type = "count", sa.BigInteger()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Count everything where nothing is named."""
        return super().call(scope, *(arguments or (sa.literal_column("*"),)))


class Sum(Aggregate):
    """The sum."""

    function = "sum"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL's sum of whole numbers is a decimal: it is made whole again."""
        made = super().call(scope, *arguments)
        kind = arguments[0].type
        impl = getattr(kind, "impl_instance", kind)
        if isinstance(impl, sa.Integer) and scope.dialect.name != "sqlite":
            return (
                sa.cast(made, sa.BigInteger())
                if scope.dialect.name == "postgresql"
                else sa.type_coerce(sa.cast(made, sa.BigInteger()), sa.BigInteger())
            )
        return made


class Avg(Aggregate):
    """The mean."""

    function, output_type = "avg", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """As a float, unless decimals are averaged."""
        made = super().call(scope, *arguments)
        return sa.cast(made, sa.Double()) if scope.dialect.name == "postgresql" else made


class Min(Aggregate):
    """The least."""

    function = "min"


class Max(Aggregate):
    """The greatest."""

    function = "max"


class StdDev(Aggregate):
    """The standard deviation of the rows."""

    function, output_type = "stddev_pop", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """SQLite has none."""
        if scope.dialect.name == "sqlite":
            scope.dialect.refuse("compute standard deviations")
        made = super().call(scope, *arguments)
        return sa.cast(made, sa.Double()) if scope.dialect.name == "postgresql" else made


class ArrayAgg(Aggregate):
    """The values as a list, on PostgreSQL."""

    function = "array_agg"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL has it."""
        if scope.dialect.name != "postgresql":
            scope.dialect.refuse("gather values into arrays", "PostgreSQL can.")
        return super().call(scope, *arguments)

    def result_type(self, *arguments: Built) -> Any:
        """An array of the values."""
        return sa.ARRAY(arguments[0].type)


class StringAgg(Aggregate):
    """The values as one text, with a delimiter between them."""

    function, output_type = "string_agg", sa.Text()

    def __init__(self, expression: Any, delimiter: str = ", ", **options: Any) -> None:
        super().__init__(expression, **options)
        self.delimiter = delimiter

    def shape(self, into: Shape) -> Hashable:
        """With the delimiter."""
        return (self.delimiter, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has its own word."""
        if scope.dialect.name == "mysql":
            scope.dialect.refuse("join texts with StringAgg")
        word = "group_concat" if scope.dialect.name == "sqlite" else "string_agg"
        value: Any = sa.distinct(arguments[0]) if self.distinct else arguments[0]
        return getattr(sa.func, word)(value, sa.literal(self.delimiter, sa.Text()), type_=sa.Text())


class _Ranking(Func):
    def __init__(self) -> None:
        super().__init__()


class RowNumber(_Ranking):
    """The number of a row in its window, from 1."""

    function, output_type = "row_number", sa.BigInteger()


class Rank(_Ranking):
    """The rank of a row in its window; equal rows have the same, and leave a gap."""

    function, output_type = "rank", sa.BigInteger()


class DenseRank(_Ranking):
    """The rank of a row in its window, without gaps."""

    function, output_type = "dense_rank", sa.BigInteger()


class Lag(Func):
    """The value of a row before: `Window(Lag("price"), order_by="day")`."""

    function = "lag"


class Lead(Func):
    """The value of a row after."""

    function = "lead"


class FirstValue(Func):
    """The value of the window's first row."""

    function = "first_value"


class LastValue(Func):
    """The value of the last row of the frame."""

    function = "last_value"
