"""From rows that are asked for to a statement: columns, conditions and order, in SQLAlchemy's terms, compiled for a driver."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from .dialects import Dialect
from .errors import FieldError, TransactionError
from .expressions import Expression, OrderBy, as_value, build_condition, read_order
from .hydrate import Tree, write_hydrate
from .registry import registry
from .relations import Relation
from .scope import Scope, Shape, column_of, unknown_name
from .statements import Statement, compile_statement, fitting, reader

if TYPE_CHECKING:
    from .database import Database
    from .rows import Rows


def relations_of(model: type[Any]) -> Mapping[str, Relation]:
    """The relations of a model, settled."""
    registry.configure()
    found: Mapping[str, Relation] = model.__relations__
    return found


def shape_of_extra(extra: Any, into: Shape) -> Hashable:
    """The shape of what an update sets, or an aggregation computes."""
    return tuple((name, as_value(value).shape(into)) for name, value in extra)


def build(rows: "Rows[Any]", kind: str, dialect: Dialect, extra: Any) -> Statement:
    """Build the statement of a kind."""
    scope = Scope(rows.model, dialect)
    if kind in ("update", "delete"):
        return _build_change(rows, kind, scope, extra)
    if kind == "rows":
        select, make_hydrate = _Select(rows, scope, 0).finish()
        statement = compile_statement(select, dialect, scope.parameters)
        statement.hydrate = make_hydrate()
        return statement
    part = _Select(rows, scope, 0)
    if kind == "aggregate":
        return _build_aggregate(part, scope, extra)
    clause = part.exists() if kind == "exists" else part.count()
    return compile_statement(clause, dialect, scope.parameters)


def build_inner(rows: "Rows[Any]", outer: Scope, at: int, *, one: bool) -> Any:
    """The query as a part of another one: one column of one row, or of all."""
    part = _Select(rows, outer.below(rows.model), at, is_inner=True)
    select = part.select()
    return select.limit(sa.literal_column("1")) if one and rows._limit is None else select


def build_get(rows: Any, name: str, value: Any, database: "Database") -> Statement | None:
    """The shortest statement for one row by one plain field; None where the lookup is another."""
    column = column_of(rows.model, name) if "__" not in name else None
    if column is None:
        return None
    narrowed = rows.filter(**{name: value}).order_by()
    if not (column.primary_key or column.unique):
        narrowed = narrowed._at_most(2)
        return None
    statement = build(narrowed, "rows", database.dialect, ())
    return database.statements.put((rows.model, name, type(value)), statement)


class _Select:
    """One SELECT while it is put together. Values are numbered in the order of `Rows.shape`."""

    def __init__(self, rows: Any, scope: Scope, at: int, *, is_inner: bool = False) -> None:
        registry.configure()
        self.rows = rows
        self.scope = scope
        self.is_inner = is_inner
        self.where: list[Any] = []
        self.having: list[Any] = []
        scope.is_grouped = rows._group_from is not None
        for name, expression, _ in rows._annotations:
            scope.annotations[name] = (expression, at)
            at += expression.size(scope)
        self.filters_at = at
        for condition in rows._filters:
            at += condition.size(scope)
        self.order_at = at
        for item in rows._order or ():
            at += item.size(scope)
        self.limit_at = at
        at += (rows._limit is not None) + (rows._offset is not None)
        self.combined_at = at
        for _, other in rows._combined:
            into = Shape(arrays=scope.dialect.arrays)
            other.shape(into)
            at += len(into.values)
        self.between_at = at
        self.extra_at = at + (0 if rows._between is None else rows._between.size(scope))

    # Parts ------------------------------------------------------------------------------------------------------

    def add_filters(self) -> None:
        """Put conditions where they belong: those about aggregates behind the grouping."""
        at = self.filters_at
        for condition in self.rows._filters:
            element, has_aggregate = build_condition(condition, self.scope, at)
            grouped = has_aggregate and self.scope.is_grouped
            (self.having if grouped else self.where).append(element)
            at += condition.size(self.scope)

    def order(self) -> list[Any]:
        """The ORDER BY clauses."""
        order: Sequence[OrderBy] | None = self.rows._order
        if order is None:
            order = () if self.scope.is_grouped else [read_order(item) for item in self.rows.model.__options__.ordering]
        at, clauses = self.order_at, []
        for item in order:
            clauses.append(item.build(self.scope, at))
            at += item.size(self.scope) if self.rows._order is not None else 0
        return clauses

    def limited(self, select: Any) -> Any:
        """Add LIMIT and OFFSET."""
        rows, at = self.rows, self.limit_at
        if rows._limit is not None:
            select = select.limit(self.scope.param(at, sa.BigInteger()))
            at += 1
        return select.offset(self.scope.param(at, sa.BigInteger())) if rows._offset is not None else select

    def named(self, names: Sequence[str]) -> list[tuple[str, Any]]:
        """The columns of `values()`."""
        return [(name, self.scope.column(name)) for name in names]

    def base(self, columns: Sequence[Any], *, ordered: bool = True) -> Any:
        """A SELECT of columns, with everything but LIMIT."""
        rows, scope = self.rows, self.scope
        self.add_filters()
        order = self.order() if ordered else []
        select = sa.select(*columns)
        if rows._between is not None:
            select = select.add_columns(*rows._between.columns(scope, self))
        select = select.select_from(scope.source).where(*self.where) if self.where else select.select_from(scope.source)
        if scope.is_grouped:
            select = select.group_by(*self._groups()).having(*self.having)
        select = select.order_by(*order) if order else select
        if rows._distinct is True:
            select = select.distinct()
        elif rows._distinct:
            if not scope.dialect.has_distinct_on:
                scope.dialect.refuse("keep the first row of each value with distinct(fields)", "PostgreSQL can.")
            select = select.ext(postgresql.distinct_on(*(scope.column(name) for name in rows._distinct)))
        return self._locked(select)

    def _groups(self) -> list[Any]:
        aggregates = {name for name, expression, _ in self.rows._annotations if expression.has_aggregate}
        return [self.scope.column(name) for name in self.rows._fields if name not in aggregates]

    def _locked(self, select: Any) -> Any:
        lock = self.rows._lock
        if lock is None or self.is_inner:
            return select
        dialect = self.scope.dialect
        if not dialect.has_select_for_update:
            # SQLite has one writer at a time: a transaction that may write holds the lock of everything.
            return select
        nowait, skip_locked, of, no_key = lock
        tables = [self.scope.join(() if name == "self" else (name,)) for name in of] or [self.scope.table]
        if dialect.name == "mysql":
            tables, no_key = [], False
        return select.with_for_update(nowait=nowait, skip_locked=skip_locked, of=tables or None, key_share=no_key)

    # Wholes -----------------------------------------------------------------------------------------------------

    def select(self) -> Any:
        """The query as a part of another: its named columns, or the key."""
        names = self.rows._fields if self.rows._form != "instance" else ("pk",)
        columns = [element.label(name) for name, element in self.named(names)]
        if self.rows._combined:
            return self._combined_select(columns)
        return self.limited(self.base(columns))

    def count(self) -> Any:
        """How many rows there are."""
        rows = self.rows
        is_simple = rows._distinct is False and rows._limit is None and rows._offset is None
        if is_simple and not rows._combined and not self.scope.is_grouped:
            return self.base([sa.func.count()], ordered=False)
        columns: list[Any] = (
            [element.label(name) for name, element in self.named(rows._fields)]
            if rows._form != "instance"
            else [self.scope.table.c[column.key] for column in rows.model.__table__.columns]
        )
        if rows._combined:
            self.rows = rows._with(_order=())
        inner = self._combined_select(columns) if rows._combined else self.limited(self.base(columns, ordered=bool(rows._limit)))
        return sa.select(sa.func.count()).select_from(inner.subquery())

    def exists(self) -> Any:
        """One row of nothing, where there is one."""
        rows = self.rows
        if rows._combined or self.scope.is_grouped:
            return sa.select(sa.literal_column("1")).select_from(self.select().subquery()).limit(sa.literal_column("1"))
        select = self.base([sa.literal_column("1")], ordered=False)
        return self.limited(select) if rows._limit is not None else select.limit(sa.literal_column("1"))

    def finish(self) -> tuple[Any, Any]:
        """The SELECT, and what makes its hydrating function."""
        rows, scope = self.rows, self.scope
        if rows._lock is not None and scope.dialect.has_select_for_update and rows.database.transaction is None:
            raise TransactionError("select_for_update() locks until the transaction ends. Put it inside `async with atomic():`.")
        if rows._form != "instance":
            return self._finish_values()
        columns: list[Any] = []
        tree = self._tree((), rows.model, columns)
        extras: list[tuple[str, int, Any]] = []
        for name, _, is_selected in rows._annotations:
            if is_selected:
                element = scope.column(name)
                extras.append((name, len(columns), element.type))
                columns.append(element.label(name))
        if rows._combined:
            labelled = [column.label(f"c{place}") for place, column in enumerate(columns)]
            select = self._combined_select(labelled, tree)
        else:
            select = self.base(columns)
            if rows._between is not None:
                extras.append((rows._between.name, len(columns), rows._between.type))
            select = self.limited(select)
        alias = rows.database.alias
        return select, lambda: write_hydrate(tree, extras, scope.dialect, alias)

    def _finish_values(self) -> tuple[Any, Any]:
        rows, scope = self.rows, self.scope
        named = self.named(rows._fields)
        columns = [element.label(f"c{place}") for place, (_, element) in enumerate(named)]
        select = self._combined_select(columns) if rows._combined else self.limited(self.base(columns))
        readers = [reader(element.type, scope.dialect) for _, element in named]
        names = [name for name, _ in named]
        if rows._between is not None:
            names.append(rows._between.name)
            readers.append(reader(rows._between.type, scope.dialect))
        return select, lambda: value_reader(rows._form, names, readers)

    def _tree(self, path: tuple[str, ...], model: type[Any], columns: list[Any]) -> Tree:
        rows, scope = self.rows, self.scope
        table = scope.join(path)
        below = {related.split("__")[len(path)] for related in rows._related if _is_below(related, path)}
        attributes, is_partial = self._chosen(path, model, below)
        tree = Tree(model, [], is_partial=is_partial)
        for made in model.__fields__.values():
            if made.column is not None and made.attname in attributes:
                tree.columns.append((made.attname, len(columns), made.column.type))
                columns.append(table.c[made.column.key])
        for name in sorted(below):
            relation = relations_of(model)[name]
            tree.branches[name] = self._tree((*path, name), relation.target, columns)
        return tree

    def _chosen(self, path: tuple[str, ...], model: type[Any], below: set[str]) -> tuple[set[str], bool]:
        rows = self.rows
        attributes = {made.attname for made in model.__fields__.values() if made.column is not None}
        needed = {made.attname for made in model.__fields__.values() if made.primary_key or made.name in below}
        prefix = "".join(f"{name}__" for name in path)
        chosen = set(attributes)
        if rows._only is not None:
            said = {name.removeprefix(prefix) for name in rows._only if name.startswith(prefix)}
            said = {name for name in said if "__" not in name}
            if said or not path:
                chosen = {column.key for column in (column_of(model, name) for name in said) if column is not None}
        deferred = {name.removeprefix(prefix) for name in rows._defer if name.startswith(prefix)}
        chosen -= {
            column.key for column in (column_of(model, name) for name in deferred if "__" not in name) if column is not None
        }
        chosen = (chosen | needed) & attributes
        return chosen, chosen != attributes

    def _combined_select(self, columns: Sequence[Any], tree: Tree | None = None) -> Any:
        """A union, an intersection or a difference, with order and limits around it."""
        rows, scope = self.rows, self.scope
        plain = rows._with(_combined=(), _order=(), _limit=None, _offset=None)
        first = _Select(plain, scope, 0, is_inner=True)
        combined: Any = first.base(columns, ordered=False)
        at = self.combined_at
        for word, other in rows._combined:
            part = _Select(other, scope.below(other.model), at, is_inner=True)
            if other._form == "instance":
                inner: list[Any] = []
                part._tree((), other.model, inner)
                select = part.limited(
                    part.base([column.label(f"c{n}") for n, column in enumerate(inner)], ordered=other._limit is not None)
                )
            else:
                select = part.select()
            if len(select.selected_columns) != len(combined.selected_columns):
                raise FieldError("The parts of a union have different numbers of columns. Name the same fields with values().")
            combine = {"union": sa.union, "union all": sa.union_all, "intersection": sa.intersect, "difference": sa.except_}[word]
            combined = combine(combined, select)
            into = Shape(arrays=scope.dialect.arrays)
            other.shape(into)
            at += len(into.values)
        together = combined.subquery()
        outer = sa.select(*together.c)
        places = (
            {attribute: place for attribute, place, _ in tree.columns}
            if tree
            else {name: place for place, name in enumerate(rows._fields or ("pk",))}
        )
        order = []
        for item in rows._order or ():
            name = item.expression.default_name
            found = places.get(name) if name is not None else None
            if name == "pk" and tree is not None:
                found = places.get(str(column_of(rows.model, "pk").key))  # type: ignore[union-attr] # keys are columns
            if found is None:
                raise unknown_name(rows.model, str(name), str(name), {})
            column = list(together.c)[found]
            order.append(column.desc() if item.descending else column.asc())
        return self.limited(outer.order_by(*order) if order else outer)


def _is_below(related: str, path: tuple[str, ...]) -> bool:
    names = related.split("__")
    return len(names) > len(path) and tuple(names[: len(path)]) == path


def value_reader(form: str, names: Sequence[str], readers: Sequence[Any]) -> Any:
    """The function that makes dictionaries, tuples or single values of rows."""
    values = [f"r[{place}]" if read is None else f"read{place}(r[{place}])" for place, read in enumerate(readers)]
    if form == "dict":
        item = "{" + ", ".join(f"{name!r}: {value}" for name, value in zip(names, values, strict=True)) + "}"
    else:
        item = values[0] if form == "flat" else "(" + "".join(f"{value}, " for value in values) + ")"
    namespace = {f"read{place}": read for place, read in enumerate(readers) if read is not None}
    return eval(f"lambda rows: [{item} for r in rows]", namespace)  # noqa: S307 - places, and names as their own repr


def _build_aggregate(part: _Select, scope: Scope, wanted: Sequence[tuple[str, Expression]]) -> Statement:
    rows = part.rows
    at = part.extra_at
    if rows._limit is not None or rows._offset is not None or rows._distinct or rows._combined:
        raise FieldError("aggregate() takes all rows that a filter leaves: no slice, union or distinct().")
    scope.is_grouped = True
    columns = []
    for name, expression in wanted:
        if not expression.has_aggregate:
            raise FieldError(f"aggregate({name}=...) is no aggregate. Use Sum, Avg, Count, Min or Max.")
        columns.append(expression.build(scope, at).label(name))
        at += expression.size(scope)
    part.add_filters()
    select = sa.select(*columns).select_from(scope.source).where(*[*part.where, *part.having])
    statement = compile_statement(select, scope.dialect, scope.parameters)
    readers = [reader(column.type, scope.dialect) for column in columns]
    statement.hydrate = value_reader("dict", [name for name, _ in wanted], readers)
    return statement


def _build_change(rows: Any, kind: str, scope: Scope, extra: Sequence[tuple[str, Any]]) -> Statement:
    part = _Select(rows, scope, 0)
    part.add_filters()
    table = rows.model.__table__
    values: dict[Any, Any] = {}
    at = part.extra_at
    for name, value in extra:
        column, element = _assigned(rows.model, name, value, scope, at)
        values[column] = element
        at += as_value(value).size(scope)
    clause: Any = sa.update(table).values(values) if kind == "update" else sa.delete(table)
    if scope.source is scope.table:
        clause = clause.where(*part.where) if part.where else clause
    else:
        keys = list(table.primary_key.columns)
        inner = sa.select(*(scope.table.c[key.key] for key in keys)).select_from(scope.source).where(*part.where)
        # MariaDB refuses to change a table that a subquery reads, unless that is a table of its own.
        found = sa.select(*inner.subquery().c)
        clause = clause.where((sa.tuple_(*keys) if len(keys) > 1 else keys[0]).in_(found))
        if any(isinstance(value, Expression) and _leaves(value) for _, value in extra):
            raise FieldError("update() with filters across relations sets plain values and fields of the model alone.")
    return compile_statement(clause, scope.dialect, scope.parameters)


def _leaves(expression: Expression) -> bool:
    return "__" in str(getattr(expression, "name", ""))


def _assigned(model: type[Any], name: str, value: Any, scope: Scope, at: int) -> tuple[Any, Any]:
    made = model.__fields__.get(name)
    column = column_of(model, name)
    if column is None:
        raise unknown_name(model, name, name, {})
    if made is not None and made.is_generated:
        raise FieldError(f"{model.__name__}.{name} is computed by the database, and cannot be set.")
    if isinstance(value, Expression) or hasattr(value, "__rows__"):
        element = as_value(value).build(scope, at)
        return column, element
    return column, scope.param(at, column.type, fitting(column.type), name)
