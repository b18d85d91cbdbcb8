"""Indexes and constraints of a model's `Meta`, in Django's words."""

from typing import Any

import sqlalchemy as sa

from trine.errors import SetupError

from .errors import FieldError, did_you_mean
from .expressions import Expression, Q, build_condition
from .scope import Scope, Shape, column_of


class Index:
    """An index: `Index("author", "-published")`. With `condition`, of the rows that fit it; with `unique`, each value once."""

    def __init__(
        self,
        *fields: str,
        name: str | None = None,
        condition: Q | None = None,
        unique: bool = False,
        using: str | None = None,
        opclass: str | None = None,
    ) -> None:
        self.fields, self.name, self.condition, self.unique = fields, name, condition, unique
        self.using, self.opclass = using, opclass


class UniqueConstraint:
    """Fields whose values come together once: `UniqueConstraint("author", "title")`; a `condition` says among which rows."""

    def __init__(self, *fields: str, name: str | None = None, condition: Q | None = None, message: str | None = None) -> None:
        self.fields, self.name, self.condition, self.message = fields, name, condition, message


class CheckConstraint:
    """What every row must fit: `CheckConstraint(Q(price__gte=0), name="price_not_negative")`, or SQL of your own."""

    def __init__(self, condition: Q | str, *, name: str, message: str | None = None) -> None:
        self.condition, self.name, self.message = condition, name, message


def add_constraints(model: type[Any]) -> None:
    """Add what a model's Meta declares, and its generated columns, to its table."""
    table = model.__table__
    for index in model.__options__.indexes:
        _add_index(model, index)
    for constraint in model.__options__.constraints:
        if isinstance(constraint, CheckConstraint):
            text: Any = constraint.condition
            if isinstance(text, Q):
                text = DeferredSQL(model, text)
            table.append_constraint(
                sa.CheckConstraint(text if not isinstance(text, str) else sa.text(text), name=constraint.name)
            )
        elif isinstance(constraint, UniqueConstraint) and constraint.condition is not None:
            _add_index(model, Index(*constraint.fields, name=constraint.name, condition=constraint.condition, unique=True))
        elif isinstance(constraint, UniqueConstraint):
            columns = [_column(model, name, "constraints") for name in constraint.fields]
            table.append_constraint(sa.UniqueConstraint(*columns, name=constraint.name))
        elif isinstance(constraint, sa.Constraint):
            table.append_constraint(constraint)
        else:
            raise SetupError(
                f"{model.__qualname__}.Meta.constraints has {constraint!r}.",
                hint="Write UniqueConstraint(...) or CheckConstraint(...).",
            )
    for made in model.__fields__.values():
        if made.column is not None and isinstance(made.options.generated, Expression):
            _compute(model, made.column, made.options.generated)


def _compute(model: type[Any], column: sa.Column[Any], expression: Expression) -> None:
    computed = sa.Computed(DeferredSQL(model, expression), persisted=True)
    computed._set_parent(column)


def _add_index(model: type[Any], index: Any) -> None:
    if isinstance(index, sa.Index):
        index._set_parent(model.__table__)
        return
    if not isinstance(index, Index):
        raise SetupError(f"{model.__qualname__}.Meta.indexes has {index!r}.", hint="Write Index('field', ...).")
    columns = [_column(model, name.removeprefix("-"), "indexes") for name in index.fields]
    parts = [column.desc() if name.startswith("-") else column for column, name in zip(columns, index.fields, strict=True)]
    table = model.__table__
    options: dict[str, Any] = {}
    if index.condition is not None:
        where = DeferredSQL(model, index.condition)
        options = {"postgresql_where": where, "sqlite_where": where}
    if index.using:
        options["postgresql_using"] = index.using
    if index.opclass:
        options["postgresql_ops"] = {str(column.key): index.opclass for column in columns}
    prefix = "uq" if index.unique else "ix"
    name = index.name or f"{prefix}_{table.name}_{'_'.join(column.name for column in columns)}"
    sa.Index(name, *parts, unique=index.unique, **options)


def _column(model: type[Any], name: str, where: str) -> Any:
    column = column_of(model, name)
    if column is None:
        raise SetupError(
            f"{model.__qualname__}.Meta.{where} names '{name}', which is no field.", hint=did_you_mean(name, model.__fields__)
        )
    return column


class DeferredSQL(sa.sql.expression.TextClause):
    """A condition or an expression over a model's own columns, written with its values inside, in the words of the database."""

    inherit_cache = False

    def __init__(self, model: type[Any], expression: Expression) -> None:
        super().__init__("")
        self.model, self.expression = model, expression

    def _compiler_dispatch(self, visitor: Any, **options: Any) -> str:
        from .dialects import DIALECTS

        dialect = DIALECTS[visitor.dialect.name]()
        return literal(self.model, self.expression, dialect)


def literal(model: type[Any], expression: Expression, dialect: Any) -> str:
    """An expression over a model's own columns as SQL with its values inside."""
    scope = Scope(
        model, dialect, table=sa.table(model.__table__.name, *(sa.column(c.name, c.type) for c in model.__table__.columns))
    )
    into = Shape(arrays=False)
    dialect.arrays = False
    expression.shape(into)
    built: Any = build_condition(expression, scope, 0)[0] if isinstance(expression, Q) else expression.build(scope, 0)
    if scope.source is not scope.table:
        raise FieldError("A constraint is about the columns of its own table: it cannot follow relations.")
    values: dict[str, Any] = {}
    for name, parameter in scope.parameters.items():
        value = into.values[parameter.at]
        values[name] = value if parameter.convert is None else parameter.convert(value)
    bound = sa.sql.visitors.replacement_traverse(built, {}, lambda element, **_: _as_literal(element, values))
    return str(bound.compile(dialect=dialect.sqlalchemy, compile_kwargs={"literal_binds": True, "include_table": False}))


def _as_literal(element: Any, values: dict[str, Any]) -> Any:
    if isinstance(element, sa.BindParameter) and element.key in values:
        return sa.literal(values[element.key], element.type)
    return None
