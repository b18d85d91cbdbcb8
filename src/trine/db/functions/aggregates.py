"""Functions of several rows."""

from collections.abc import Hashable, Sequence
from typing import Any

import sqlalchemy as sa

from ..expressions import Built, Expression, F, Q, Value, as_value
from ..scope import Scope, Shape
from ..types import Array
from .base import Func


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
        is_plain = isinstance(self.default, Value) and self.default.output is None
        default = scope.param(at, made.type) if is_plain else self.default.build(scope, at)
        return sa.func.coalesce(made, default, type_=made.type)

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


class _Gathering(Aggregate):
    """Values put together, in the order of `ordering`: names, with `-` before them for the greatest first."""

    def __init__(self, expression: Any, *, ordering: str | Sequence[str] = (), **options: Any) -> None:
        super().__init__(expression, **options)
        self.ordering = (ordering,) if isinstance(ordering, str) else tuple(ordering)

    def shape(self, into: Shape) -> Hashable:
        return (self.ordering, super().shape(into))

    def _aggregate(self, scope: Scope, outer: Scope, arguments: list[Expression], at: int, skip: str = "") -> Built:
        made = super()._aggregate(scope, outer, arguments, at, skip)
        if not self.ordering:
            return made
        if not scope.dialect.has_ordered_aggregates:
            scope.dialect.refuse("order the values that an aggregate gathers", "Order them in Python.")
        columns = [(name.startswith("-"), scope.column(name.removeprefix("-").removeprefix(skip))) for name in self.ordering]
        order = [column.desc() if descending else column.asc() for descending, column in columns]
        if isinstance(made, sa.FunctionFilter):
            inner: Any = made.func
            return sa.funcfilter(inner.aggregate_order_by(*order), *([] if made.criterion is None else [made.criterion]))
        return made.aggregate_order_by(*order)


class ArrayAgg(_Gathering):
    """The values as a list, on PostgreSQL: `ArrayAgg("books__title", ordering="-books__pages")`."""

    function = "array_agg"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """PostgreSQL has it."""
        if scope.dialect.name != "postgresql":
            scope.dialect.refuse("gather values into arrays", "PostgreSQL can.")
        return super().call(scope, *arguments)

    def result_type(self, *arguments: Built) -> Any:
        """An array of the values, each read as its field is."""
        return Array(arguments[0].type)


class StringAgg(_Gathering):
    """The values as one text, with a delimiter between them: `StringAgg("tags__name", ", ", ordering="tags__name")`."""

    function, output_type = "string_agg", sa.Text()

    def __init__(self, expression: Any, delimiter: str = ", ", **options: Any) -> None:
        super().__init__(expression, **options)
        self.delimiter = delimiter

    def shape(self, into: Shape) -> Hashable:
        """With the delimiter."""
        return (self.delimiter, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has its own word."""
        if self.distinct and scope.dialect.name == "sqlite":
            scope.dialect.refuse("join different texts with a delimiter", "Leave distinct=True out.")
        text = arguments[0] if isinstance(arguments[0].type, sa.String) else sa.cast(arguments[0], sa.Text())
        value: Any = sa.distinct(text) if self.distinct else text
        if scope.dialect.name == "mysql":
            # SEPARATOR takes a text of the statement alone, no value.
            quoted = self.delimiter.replace("\\", "\\\\").replace("'", "''")
            separator: Any = sa.literal_column(f"'{quoted}'", sa.Text())
            return sa.func.aggregate_strings(value, separator)
        word = "group_concat" if scope.dialect.name == "sqlite" else "string_agg"
        return getattr(sa.func, word)(value, sa.literal(self.delimiter, sa.Text()), type_=sa.Text())
