"""Where names mean something: a model's fields and relations, with the tables that a statement has joined for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .errors import FieldError, did_you_mean
from .registry import registry
from .relations import Relation

if TYPE_CHECKING:
    from .dialects import Dialect
    from .expressions import Expression

Convert = Callable[[Any], Any]


class Shape:
    """What a query looks like without its values, and these values in order: the same shape is compiled once."""

    __slots__ = ("arrays", "values")

    def __init__(self, *, arrays: bool) -> None:
        self.values: list[Any] = []
        self.arrays = arrays
        """Whether a list is one value for the database."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place in a statement: which value goes there, and how it is written."""

    at: int
    convert: Convert | None
    type: Any
    where: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a path means: an expression, and the names behind it that are no fields."""

    element: Any
    rest: tuple[str, ...] = ()
    is_null: bool = True
    has_aggregate: bool = False


class Scope:
    """The tables of one SELECT, joined as its paths ask for them."""

    def __init__(
        self,
        model: type[Any],
        dialect: "Dialect",
        *,
        outer: "Scope | None" = None,
        table: Any = None,
    ) -> None:
        registry.configure()
        self.model = model
        self.dialect = dialect
        self.outer = outer
        self.parameters: dict[str, Parameter] = {} if outer is None else outer.parameters
        self._numbers: Any = count() if outer is None else outer._numbers
        self.table: Any = table if table is not None else model.__table__ if outer is None else model.__table__.alias()
        self.source: Any = self.table
        self.annotations: dict[str, tuple[Expression, int]] = {}
        self._joined: dict[tuple[str, ...], Any] = {(): self.table}
        self.is_grouped = False
        """Whether rows are put together by `values()` and aggregates: then paths to many rows are joined."""

    def below(self, model: type[Any], table: Any = None) -> "Scope":
        """The scope of a query inside this one."""
        return Scope(model, self.dialect, outer=self, table=table)

    def param(self, at: int, type_: Any = None, convert: Convert | None = None, where: str = "") -> sa.BindParameter[Any]:
        """A place for the value number `at`."""
        name = f"p{next(self._numbers)}"
        parameter = sa.bindparam(name, type_=type_)
        self.parameters[name] = Parameter(at, convert, parameter.type, where)
        return parameter

    # Paths ------------------------------------------------------------------------------------------------------

    def column(self, path: str) -> Any:
        """The expression of a path that must be a field, an annotation, or a part of a JSON field."""
        found = self.find(path.split("__"), path)
        return json_path(found.element, found.rest, path) if found.rest else found.element

    def find(self, names: Sequence[str], path: str, *, joins_many: bool = True) -> Found:
        """Walk a path as far as its names are fields."""
        annotated = self.annotations.get(names[0])
        if annotated is not None:
            expression, at = annotated
            return Found(expression.build(self, at), tuple(names[1:]), has_aggregate=expression.has_aggregate)
        walked: tuple[str, ...] = ()
        model, is_null = self.model, False
        for number, name in enumerate(names):
            relation = model.__relations__.get(name)
            if relation is None:
                column = column_of(model, name)
                if column is None:
                    raise unknown_name(model, name, path, self.annotations if not walked else {})
                table = self.join(walked)
                return Found(table.c[column.key], tuple(names[number + 1 :]), is_null or bool(column.nullable))
            rest = names[number + 1 :]
            is_null = is_null or relation.is_null
            if relation.origin == "foreign_key" and self._is_key(relation, rest):
                # The foreign key has the value already: nothing is joined.
                behind = rest[1:] if rest and rest[0] in ("pk", relation.remote.key) else rest
                return Found(self.join(walked).c[relation.local.key], tuple(behind), is_null or bool(relation.local.nullable))
            walked = (*walked, name)
            model = relation.target
        return Found(self.join(walked).c[_only_key(model).key], (), is_null=True)

    @staticmethod
    def _is_key(relation: Relation, rest: Sequence[str]) -> bool:
        key = relation.remote.key
        if not rest:
            return True
        target = relation.target
        is_field = rest[0] in target.__relations__ or column_of(target, rest[0]) is not None
        return rest[0] in ("pk", key) or (not is_field and is_word(rest[0]))

    def join(self, path: tuple[str, ...]) -> Any:
        """The table at the end of a path of relations, joined now where it was not."""
        if path in self._joined:
            return self._joined[path]
        before = self.join(path[:-1])
        relation = self.model_at(path[:-1]).__relations__[path[-1]]
        table = relation.target.__table__.alias()
        is_outer = relation.is_null or relation.is_many or relation.origin != "foreign_key" or self._is_outer(path[:-1])
        if relation.through is not None:
            between = relation.through.alias()
            near, far = between.c[relation.through_local.key], between.c[relation.through_remote.key]
            self.source = self.source.outerjoin(between, before.c[relation.local.key] == near)
            self.source = self.source.outerjoin(table, far == table.c[relation.remote.key])
        else:
            condition = before.c[relation.local.key] == table.c[relation.remote.key]
            self.source = self.source.join(table, condition, isouter=is_outer)
        self._joined[path] = table
        return table

    def _is_outer(self, path: tuple[str, ...]) -> bool:
        model = self.model
        for name in path:
            relation = model.__relations__[name]
            if relation.is_null or relation.is_many or relation.origin != "foreign_key":
                return True
            model = relation.target
        return False

    def tables(self) -> Iterator[Any]:
        """Every table that is joined, for subqueries that refer to them."""
        yield from self._joined.values()

    def model_at(self, path: Sequence[str]) -> type[Any]:
        """The model at the end of a path of relations."""
        model = self.model
        for name in path:
            model = model.__relations__[name].target
        return model

    def first_many(self, names: Sequence[str]) -> int | None:
        """How many names of a path lead to many rows for the first time; None where none does."""
        model = self.model
        if names[0] in self.annotations:
            return None
        for number, name in enumerate(names):
            relation = model.__relations__.get(name)
            if relation is None:
                return None
            if relation.is_many:
                return number + 1
            model = relation.target
        return None

    def related(self, names: Sequence[str]) -> tuple["Scope", sa.ColumnElement[bool]]:
        """A scope for the many rows at the end of a path, and the condition that ties them to this one's rows."""
        relation = self.model_at(names[:-1]).__relations__[names[-1]]
        before = self.join(tuple(names[:-1]))
        inner = self.below(relation.target)
        if relation.through is not None:
            between = relation.through.alias()
            near, far = between.c[relation.through_local.key], between.c[relation.through_remote.key]
            inner.source = inner.source.join(between, far == inner.table.c[relation.remote.key])
            return inner, near == before.c[relation.local.key]
        return inner, inner.table.c[relation.remote.key] == before.c[relation.local.key]


def column_of(model: type[Any], name: str) -> sa.Column[Any] | None:
    """The column that a name means, by its field, its attribute or `pk`."""
    if name == "pk":
        return _only_key(model)
    made = model.__fields__.get(name)
    if made is not None and made.column is not None:
        column: sa.Column[Any] = made.column
        return column
    found: sa.Column[Any] | None = model.__table__.columns.get(name)
    return found


def _only_key(model: type[Any]) -> sa.Column[Any]:
    columns = list(model.__table__.primary_key.columns)
    if len(columns) != 1:
        names = ", ".join(str(column.key) for column in columns)
        raise FieldError(f"The key of {model.__name__} has {len(columns)} columns. Name them: {names}.")
    only: sa.Column[Any] = columns[0]
    return only


def unknown_name(model: type[Any], name: str, path: str, annotations: Mapping[str, Any]) -> FieldError:
    """The error for a name that is neither field, relation nor annotation."""
    names = {*model.__fields__, *model.__relations__, *annotations}
    names = {name for name in names if not name.startswith("+")}
    behind = f" in '{path}'" if path != name else ""
    return FieldError(f"{model.__name__} has no field '{name}'{behind}. {did_you_mean(name, names)}")


def json_path(element: Any, names: Sequence[str], path: str) -> Any:
    """A part of a JSON value. Names are values of the statement, never its text."""
    impl = getattr(element.type, "impl_instance", element.type)
    if not isinstance(impl, sa.JSON):
        raise FieldError(f"'{path}' asks for '{names[0]}' of a field that is no JSON. {_lookup_hint(names[0])}")
    parts = [int(name) if name.isdecimal() else name for name in names]
    return sa.type_coerce(element, sa.JSON())[tuple(parts)] if len(parts) > 1 else sa.type_coerce(element, sa.JSON())[parts[0]]


def _lookup_hint(name: str) -> str:
    from .lookups import LOOKUPS, TRANSFORMS

    return did_you_mean(name, {*LOOKUPS, *TRANSFORMS})


def is_word(name: str) -> bool:
    """Whether a name asks something of a value, as `gte` does."""
    from .lookups import LOOKUPS, TRANSFORMS

    return name in LOOKUPS or name in TRANSFORMS
