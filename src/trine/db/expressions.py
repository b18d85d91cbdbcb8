"""What a query computes: fields by name (`F`), conditions (`Q`), choices, subqueries, and arithmetic between them."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .errors import FieldError
from .scope import Scope, Shape
from .types import Distance

if TYPE_CHECKING:
    from .rows import Rows

Built = Any
"""An expression of SQLAlchemy, whose types say nothing about what is asked of it here."""


class Expression:
    """Something that the database computes.

    `shape` gives what can be told without values, and notes the values; `build` makes the SQL, with the values from number `at`.
    """

    has_aggregate = False

    def shape(self, into: Shape) -> Hashable:
        """Describe the expression without its values, which are noted."""
        raise NotImplementedError

    def build(self, scope: Scope, at: int) -> Built:
        """Make SQL of it."""
        raise NotImplementedError

    def size(self, scope: Scope) -> int:
        """How many values it has."""
        into = Shape(arrays=scope.dialect.arrays)
        self.shape(into)
        return len(into.values)

    @property
    def default_name(self) -> str | None:
        """What a result is called where no name is given."""
        return None

    def __add__(self, other: Any) -> "Expression":
        return Combined(self, "+", other)

    def __radd__(self, other: Any) -> "Expression":
        return Combined(other, "+", self)

    def __sub__(self, other: Any) -> "Expression":
        return Combined(self, "-", other)

    def __rsub__(self, other: Any) -> "Expression":
        return Combined(other, "-", self)

    def __mul__(self, other: Any) -> "Expression":
        return Combined(self, "*", other)

    def __rmul__(self, other: Any) -> "Expression":
        return Combined(other, "*", self)

    def __truediv__(self, other: Any) -> "Expression":
        return Combined(self, "/", other)

    def __rtruediv__(self, other: Any) -> "Expression":
        return Combined(other, "/", self)

    def __mod__(self, other: Any) -> "Expression":
        return Combined(self, "%", other)

    def __neg__(self) -> "Expression":
        return Combined(Value(0), "-", self)

    def asc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> "OrderBy":
        """Order by it, least first. None is the least value, where nothing else is said."""
        return OrderBy(self, descending=False, nulls_first=_nulls(nulls_first, nulls_last))

    def desc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> "OrderBy":
        """Order by it, greatest first."""
        return OrderBy(self, descending=True, nulls_first=_nulls(nulls_first, nulls_last))


def _nulls(first: bool | None, last: bool | None) -> bool | None:
    return first if first is not None else None if last is None else not last


def as_expression(value: Any) -> Expression:
    """An expression as it is, a name as a field, a query as a subquery."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return F(value)
    return as_value(value)


def as_value(value: Any) -> Expression:
    """An expression as it is, a query as a subquery, and everything else as a value."""
    if isinstance(value, Expression):
        return value
    if hasattr(value, "__rows__"):
        return Subquery(value)
    return Value(value)


class F(Expression):
    """A field, by its name or a path: `F("price") * 2`, `F("author__name")`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def shape(self, into: Shape) -> Hashable:
        """Its name."""
        return ("F", self.name)

    def build(self, scope: Scope, at: int) -> Built:
        """Its column."""
        return scope.column(self.name)

    @property
    def default_name(self) -> str:
        """Its name."""
        return self.name

    def __repr__(self) -> str:
        return f"F({self.name!r})"


class OuterRef(F):
    """A field of the query around: `Comment.objects.filter(article=OuterRef("pk"))`."""

    def shape(self, into: Shape) -> Hashable:
        """Its name."""
        return ("OuterRef", self.name)

    def build(self, scope: Scope, at: int) -> Built:
        """Its column in the query around."""
        place = scope.outer
        if place is None:
            raise FieldError(f"OuterRef('{self.name}') stands in no inner query. Put the query into Subquery() or Exists().")
        return place.column(self.name)


class Value(Expression):
    """A value as an expression."""

    def __init__(self, value: Any, output: Any = None) -> None:
        self.value = value
        self.output = output

    def shape(self, into: Shape) -> Hashable:
        """Its type."""
        into.values.append(getattr(self.value, "pk", self.value) if hasattr(self.value, "__trine_model__") else self.value)
        return ("V", type(self.value))

    def build(self, scope: Scope, at: int) -> Built:
        """A place for it."""
        from .declare import column_type
        from .fields import FieldOptions

        kind = self.output
        if kind is None and self.value is not None:
            kind = column_type(type(self.value), FieldOptions())
        return scope.param(at, kind)


class Combined(Expression):
    """Two expressions with an operator between."""

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        self.left, self.operator, self.right = as_value(left), operator, as_value(right)
        self.has_aggregate = self.left.has_aggregate or self.right.has_aggregate

    def shape(self, into: Shape) -> Hashable:
        """Both sides."""
        return (self.left.shape(into), self.operator, self.right.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        """Both sides and the operator."""
        left = self.left.build(scope, at)
        right = self.right.build(scope, at + self.left.size(scope))
        if self.operator == "+":
            return left + right
        if self.operator == "-":
            return left - right
        if self.operator == "*":
            return left * right
        return left / right if self.operator == "/" else left % right


class Q(Expression):
    """A condition: `Q(title__icontains="x") | ~Q(author=None)`."""

    def __init__(self, *children: Any, **lookups: Any) -> None:
        self.children: tuple[Any, ...] = (*children, *lookups.items())
        self.connector = "AND"
        self.is_negated = False
        self.has_aggregate = any(getattr(child, "has_aggregate", False) for child in children)

    @classmethod
    def _of(cls, connector: str, children: tuple[Any, ...], *, is_negated: bool = False) -> "Q":
        made: Q = cls(*children)
        made.connector, made.is_negated = connector, is_negated
        return made

    def with_children(self, children: tuple[Any, ...]) -> "Q":
        """The same with other parts."""
        return Q._of(self.connector, children, is_negated=self.is_negated)

    def __and__(self, other: Any) -> "Q":
        return Q._of("AND", (self, other))

    def __or__(self, other: Any) -> "Q":
        return Q._of("OR", (self, other))

    def __xor__(self, other: "Q") -> "Q":
        return (self & ~other) | (~self & other)

    def __invert__(self) -> "Q":
        return Q._of("AND", (self,), is_negated=True)

    def __bool__(self) -> bool:
        return bool(self.children)

    def shape(self, into: Shape) -> Hashable:
        """Its lookups, and the kinds of their values."""
        from .lookups import shape_of_lookup

        parts = tuple(
            (child[0], shape_of_lookup(child[0], child[1], into)) if isinstance(child, tuple) else child.shape(into)
            for child in self.children
        )
        return (self.connector, self.is_negated, parts)

    def build(self, scope: Scope, at: int) -> Built:
        """Its condition."""
        return build_condition(self, scope, at)[0]


def build_condition(q: Q, scope: Scope, at: int) -> tuple[Built, bool]:
    """A condition, and whether it asks an aggregate."""
    from .lookups import Leaf, build_leaves

    leaves: list[Leaf] = []
    built: list[tuple[Built, bool]] = []
    for child in q.children:
        if isinstance(child, tuple):
            leaf = Leaf(child[0], tuple(child[0].split("__")), child[1], at, scope)
            leaves.append(leaf)
            at += leaf.size(scope)
        elif isinstance(child, Q):
            built.append(build_condition(child, scope, at))
            at += child.size(scope)
        else:
            built.append((child.build(scope, at), child.has_aggregate))
            at += child.size(scope)
    built = [*build_leaves(leaves, scope, together=q.connector == "AND"), *built]
    if not built:
        condition: Built = sa.true()
    elif q.connector == "AND":
        condition = sa.and_(*(element for element, _ in built))
    else:
        condition = sa.or_(*(element for element, _ in built))
    if q.is_negated:
        # What is NULL is neither equal nor unequal: `exclude` keeps such a row, as Python's `not` would.
        condition = (
            sa.case((condition, sa.literal(0, sa.Integer)), else_=sa.literal(1, sa.Integer)) == 1
            if _may_be_null(q, scope)
            else sa.not_(condition)
        )
    return condition, any(has_aggregate for _, has_aggregate in built)


def _may_be_null(q: Q, scope: Scope) -> bool:
    for child in q.children:
        if isinstance(child, Q):
            if _may_be_null(child, scope):
                return True
        elif not isinstance(child, tuple):
            return not isinstance(child, Exists)
        elif scope.first_many(child[0].split("__")) is None:
            found = scope.find(child[0].split("__"), child[0])
            if (found.is_null or found.rest[:-1]) and found.rest[-1:] != ("isnull",) and child[1] is not None:
                return True
    return False


class When(Expression):
    """A case of `Case`: a condition, and the value then."""

    def __init__(self, *conditions: Any, then: Any, **lookups: Any) -> None:
        self.condition = Q(*conditions, **lookups)
        self.then = as_value(then)
        self.has_aggregate = self.condition.has_aggregate or self.then.has_aggregate

    def shape(self, into: Shape) -> Hashable:
        """Condition and value."""
        return ("When", self.condition.shape(into), self.then.shape(into))


class Case(Expression):
    """The value of the first case that holds: `Case(When(stock=0, then=Value("sold out")), default=Value("here"))`."""

    def __init__(self, *cases: When, default: Any = None) -> None:
        self.cases = cases
        self.default = None if default is None else as_value(default)
        self.has_aggregate = any(case.has_aggregate for case in cases)

    def shape(self, into: Shape) -> Hashable:
        """All cases."""
        cases = tuple(case.shape(into) for case in self.cases)
        return ("Case", cases, None if self.default is None else self.default.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        """A CASE expression."""
        pairs = []
        for case in self.cases:
            condition = case.condition.build(scope, at)
            at += case.condition.size(scope)
            pairs.append((condition, case.then.build(scope, at)))
            at += case.then.size(scope)
        return sa.case(*pairs, else_=None if self.default is None else self.default.build(scope, at))


class Subquery(Expression):
    """A query as a value: its first column of its first row."""

    def __init__(self, rows: "Rows[Any]") -> None:
        self.rows = rows

    def shape(self, into: Shape) -> Hashable:
        """The query's own shape."""
        return (type(self).__name__, self.rows.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        """A scalar subquery."""
        return self.rows.build_inner(scope, at, one=True).scalar_subquery()

    def build_many(self, scope: Scope, at: int) -> Any:
        """The query's rows, for `in`."""
        return self.rows.build_inner(scope, at, one=False)


class Exists(Subquery):
    """Whether a query has rows."""

    is_negated = False

    def shape(self, into: Shape) -> Hashable:
        """The query's own shape."""
        return ("Exists", self.is_negated, self.rows.shape(into))

    def build(self, scope: Scope, at: int) -> Built:
        """An EXISTS condition."""
        condition = sa.exists(self.rows.build_inner(scope, at, one=False))
        return sa.not_(condition) if self.is_negated else condition

    def __invert__(self) -> "Exists":
        made = Exists(self.rows)
        made.is_negated = not self.is_negated
        return made

    def __and__(self, other: Any) -> Q:
        return Q(self, other)

    def __or__(self, other: Any) -> Q:
        return Q._of("OR", (self, other))


class OrderBy(Expression):
    """A field or an expression of an order."""

    def __init__(self, expression: Expression, *, descending: bool, nulls_first: bool | None = None) -> None:
        self.expression = expression
        self.descending = descending
        self.nulls_first = nulls_first
        self.has_aggregate = expression.has_aggregate

    def shape(self, into: Shape) -> Hashable:
        """What it orders by, and which way."""
        return (self.expression.shape(into), self.descending, self.nulls_first)

    def build(self, scope: Scope, at: int) -> Built:
        """An ORDER BY clause. None is the least value on every database, but the farthest of distances: as indexes have it."""
        element = self.expression.build(scope, at)
        is_distance = isinstance(element.type, Distance)
        nulls_first = self.descending is is_distance if self.nulls_first is None else self.nulls_first
        is_null = True
        if isinstance(self.expression, F) and self.nulls_first is None:
            is_null = scope.find(self.expression.name.split("__"), self.expression.name).is_null
        ordered = element.desc() if self.descending else element.asc()
        if not is_null or (self.nulls_first is None and scope.dialect.null_is_least is not is_distance):
            return ordered
        if not scope.dialect.has_nulls_first:
            raise scope.dialect.cannot("order None first or last")
        return ordered.nulls_first() if nulls_first else ordered.nulls_last()


def read_order(item: Any) -> OrderBy:
    """An order, as `order_by` takes it: a name with `-` before it for the greatest first, or an expression."""
    if isinstance(item, OrderBy):
        return item
    if isinstance(item, Expression):
        return OrderBy(item, descending=False)
    if item == "?":
        from .functions import Random

        return OrderBy(Random(), descending=False)
    name = item.removeprefix("-")
    return OrderBy(F(name), descending=name != item)


class Window(Expression):
    """A function over the rows beside: `Window(Rank(), partition_by=["author"], order_by="-published")`."""

    def __init__(self, function: Expression, *, partition_by: Any = (), order_by: Any = ()) -> None:
        self.function = function
        self.partition_by = [as_expression(item) for item in _several(partition_by)]
        self.order_by = [read_order(item) for item in _several(order_by)]

    def shape(self, into: Shape) -> Hashable:
        """Function, partition and order."""
        parts = [self.function, *self.partition_by, *self.order_by]
        return ("Window", len(self.partition_by), tuple(part.shape(into) for part in parts))

    def build(self, scope: Scope, at: int) -> Built:
        """An OVER clause."""
        built = []
        for part in [self.function, *self.partition_by, *self.order_by]:
            built.append(part.build(scope, at))
            at += part.size(scope)
        split = 1 + len(self.partition_by)
        return sa.over(built[0], partition_by=built[1:split] or None, order_by=built[split:] or None)


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
