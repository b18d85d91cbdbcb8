"""From a query to an answer: exactly the columns that a response model needs, in a bounded number of queries, no instances."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isclass
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel

from trine.errors import SetupError

from .building import relations_of
from .errors import did_you_mean
from .prefetch import Between
from .querysets import QuerySet
from .relations import Relation
from .rows import Rows
from .scope import column_of

_DEEPEST = 6


@dataclass
class Plan:
    """What to read of a model for a response model: paths of columns, and relations to many rows with plans of their own."""

    model: type[Any]
    places: dict[str, int] = field(default_factory=dict)
    """The places of columns, by their paths."""
    branches: list["Branch"] = field(default_factory=list)
    source: str = ""
    """How a row becomes a dictionary, as Python."""
    make: Callable[[Sequence[Any], Sequence[Mapping[Any, list[Any]]]], list[Any]] = lambda rows, many: []
    missing: list[str] = field(default_factory=list)
    """Fields that are no columns: then instances are read, and asked for them."""

    def place(self, path: str) -> int:
        """The place of a column, which is read from now on."""
        return self.places.setdefault(path, len(self.places))


@dataclass
class Branch:
    """A relation to many rows, at the end of a path of relations to one."""

    path: str
    relation: Relation
    plan: Plan
    key: int
    """The place of the value that ties the rows to their owner."""


def plan_for(rows: Rows[Any], shape: Any, kept: Sequence[str] = ()) -> Plan:
    """Plan what to read of rows for a response model."""
    plan = Plan(rows.model)
    annotations = {name for name, _, is_selected in rows._annotations if is_selected}
    plan.source = _dictionary(plan, rows.model, shape, "", annotations, depth=0)
    _keep(plan, kept, {name for name, _ in _fields(shape)})
    if not plan.places:
        plan.place("pk")
    plan.make = eval(f"lambda rows, many: [{plan.source} for r in rows]", {"Row": _Row})  # noqa: S307 - places, and names as their own repr
    return plan


def _dictionary(plan: Plan, model: type[Any], shape: Any, prefix: str, annotations: set[str], *, depth: int) -> str:
    """The dictionary of one response model, as Python source over a row `r`."""
    if depth > _DEEPEST:
        raise SetupError(
            f"{shape.__name__} nests deeper than {_DEEPEST} relations.", hint="Leave the relation back to its owner out."
        )
    items = []
    for name, annotation in _fields(shape):
        value = _value(plan, model, name, annotation, prefix, annotations, depth)
        if value is not None:
            items.append(f"{name!r}: {value}")
    return "{" + ", ".join(items) + "}"


def _value(
    plan: Plan, model: type[Any], name: str, annotation: Any, prefix: str, annotations: set[str], depth: int
) -> str | None:
    path = prefix + name
    relation = relations_of(model).get(name)
    if relation is not None:
        inner, is_list = _nested(annotation)
        if relation.is_many and is_list:
            return _many(plan, relation, path, prefix, inner, depth)
        if inner is not None and not relation.is_many:
            key = plan.place(f"{path}__{next(iter(relation.target.__keys__))}")
            made = _dictionary(plan, relation.target, inner, f"{path}__", set(), depth=depth + 1)
            return f"(None if r[{key}] is None else {made})"
        if not relation.is_many:
            return f"r[{plan.place(path)}]"
    elif (not prefix and name in annotations) or column_of(model, name) is not None:
        return f"r[{plan.place(path)}]"
    elif not prefix and hasattr(model, name):
        plan.missing.append(name)
        return None
    known = [known for known in {*model.__fields__, *relations_of(model)} if not known.startswith("+")]
    raise SetupError(f"The response model asks for '{path}', and {model.__name__} has none. {did_you_mean(name, known)}")


def _many(plan: Plan, relation: Relation, path: str, prefix: str, inner: Any, depth: int) -> str:
    below = Plan(relation.target)
    if inner is None:
        below.source = f"r[{below.place('pk')}]"
    else:
        below.source = _dictionary(below, relation.target, inner, "", set(), depth=depth + 1)
    below.make = eval(f"lambda rows, many: [{below.source} for r in rows]", {})  # noqa: S307 - places, and names as their own repr
    key = plan.place(f"{prefix}{relation.attname}")
    plan.branches.append(Branch(path, relation, below, key))
    return f"many[{len(plan.branches) - 1}].get(r[{key}], [])"


def _fields(shape: Any) -> list[tuple[str, Any]]:
    """The names that a response model reads, with their types."""
    if isclass(shape) and issubclass(shape, msgspec.Struct):
        return [(entry.encode_name, entry.type) for entry in msgspec.structs.fields(shape)]
    fields = []
    for name, info in shape.model_fields.items():
        alias = info.validation_alias
        fields.append((alias if isinstance(alias, str) else name, info.annotation))
    return fields


def _nested(annotation: Any) -> tuple[Any, bool]:
    """The response model inside a type, and whether there are many of it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _nested(get_args(annotation)[0])
    if origin in (list, tuple, set, frozenset) or (isclass(origin) and issubclass(origin, Sequence)):
        return _nested(get_args(annotation)[0])[0], True
    if origin is Union or type(annotation).__name__ == "UnionType":
        found = [_nested(member) for member in get_args(annotation) if member is not type(None)]
        return found[0] if len(found) == 1 else (None, False)
    return (annotation if is_shape(annotation) else None), False


def is_shape(model: Any) -> bool:
    """Whether a type has fields that can be read from columns."""
    return isclass(model) and issubclass(model, BaseModel | msgspec.Struct) and hasattr(model, "__name__")


async def read_shaped(rows: Rows[Any], plan: Plan) -> list[Any]:
    """Read rows as dictionaries of a response model's fields."""
    if plan.missing:
        return await _read_instances(rows, plan)
    tuples = await _tuples(rows, plan)
    return await _made(tuples, rows, plan)


async def _made(tuples: Sequence[Any], rows: Rows[Any], plan: Plan) -> list[Any]:
    return plan.make(tuples, [await _branch(branch, tuples, rows) for branch in plan.branches] if plan.branches else ())


def _tuples(rows: Rows[Any], plan: Plan) -> Any:
    plain: Rows[Any] = Rows(rows.model)
    plain.__dict__.update(rows.__dict__)
    return plain._with(_form="tuple", _fields=tuple(plan.places), _related=(), _prefetch=())._read()


async def _branch(branch: Branch, owners: Sequence[Any], rows: Rows[Any]) -> Mapping[Any, list[Any]]:
    """The rows of a relation, made, by the key of their owner: one query for all owners."""
    relation = branch.relation
    keys = list(dict.fromkeys(owner[branch.key] for owner in owners if owner[branch.key] is not None))
    if not keys:
        return {}
    said = next((item.queryset for item in rows._prefetch if item.path == branch.path and item.queryset is not None), None)
    related: Rows[Any] = (QuerySet(relation.target) if said is None else said).using(rows.database)
    if relation.origin == "through":
        # The owner's key is read behind the columns.
        related = related._with(_between=Between(relation, keys))
        place = len(branch.plan.places)
    else:
        place = branch.plan.place(str(relation.remote.key))
        related = related.filter(**{f"{relation.remote.key}__in": keys})
    found = await _tuples(related, branch.plan)
    made = await _made(found, related, branch.plan)
    grouped: dict[Any, list[Any]] = {}
    for row, value in zip(found, made, strict=True):
        grouped.setdefault(row[place], []).append(value)
    return grouped


async def _read_instances(rows: Rows[Any], plan: Plan) -> list[Any]:
    """Read instances, since some field is no column, and the rest of each as a dictionary beside it."""
    instances = await rows
    place = plan.place("pk")
    same: Rows[Any] = QuerySet(rows.model).using(rows.database)._with(_annotations=rows._annotations, _prefetch=rows._prefetch)
    tuples = await _tuples(same.filter(pk__in=[instance.pk for instance in instances]).order_by(), plan)
    made = {row[place]: values for row, values in zip(tuples, await _made(tuples, rows, plan), strict=True)}
    return [
        {**made[instance.pk], **{name: getattr(instance, name) for name in plan.missing}}
        for instance in instances
        if instance.pk in made
    ]


class Shaped:
    """Rows as dictionaries of a response model's fields: a source of rows for pages."""

    def __init__(self, rows: Rows[Any], shape: Any, kept: tuple[str, ...] = ()) -> None:
        self.rows = rows
        self.shape = shape
        self.kept = kept
        """Fields that whoever asked for an order wants to know of each row, shown or not: a cursor is made of them."""

    @property
    def ordering(self) -> tuple[str, ...]:
        """The fields of the order."""
        return self.rows.ordering

    def filter(self, **lookups: Any) -> "Shaped":
        """Keep the rows that fit every lookup."""
        return Shaped(self.rows.filter(**lookups), self.shape, self.kept)

    def filter_any(self, *alternatives: Mapping[str, Any]) -> "Shaped":
        """Keep the rows that fit every lookup of at least one alternative."""
        return Shaped(self.rows.filter_any(*alternatives), self.shape, self.kept)

    def order_by(self, *fields: str) -> "Shaped":
        """Put the rows in another order."""
        return Shaped(self.rows.order_by(*fields), self.shape, tuple(name.lstrip("-") for name in fields))

    async def count(self) -> int:
        """How many rows there are."""
        rows = self.rows
        is_part = rows._limit is not None or rows._offset is not None
        return await (rows if is_part else rows.order_by()).count()

    async def fetch(self, offset: int, limit: int) -> list[Any]:
        """Read a part of the rows."""
        return await read_shaped(self.rows[offset : offset + limit], shared_plan(self.rows, self.shape, self.kept))


class _Row(dict[str, Any]):
    """A row that knows more than it shows."""

    def __init__(self, shown: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
        super().__init__(shown)
        self.hidden = hidden

    def __missing__(self, name: str) -> Any:
        return self.hidden[name]


def _keep(plan: Plan, kept: Sequence[str], shown: set[str]) -> None:
    """Read fields that are not shown along."""
    hidden: dict[str, Any] = {}
    for path in kept:
        *owners, last = path.split("__")
        if (owners or [last])[0] in shown:
            continue
        here = hidden
        for name in owners:
            here = here.setdefault(name, {})
        here[last] = plan.place(path)
    if hidden:
        plan.source = f"Row({plan.source}, {_hidden_source(hidden)})"


def _hidden_source(hidden: Mapping[str, Any]) -> str:
    items = (f"{name!r}: {_hidden_source(value) if isinstance(value, dict) else f'r[{value}]'}" for name, value in hidden.items())
    return "{" + ", ".join(items) + "}"


_plans: dict[Any, Plan] = {}


def shared_plan(rows: Rows[Any], shape: Any, kept: tuple[str, ...] = ()) -> Plan:
    """The plan for a response model, made once for each model and its annotations."""
    key = (rows.model, shape, kept, tuple(name for name, _, is_selected in rows._annotations if is_selected))
    found = _plans.get(key)
    if found is None:
        found = _plans[key] = plan_for(rows, shape, kept)
    return found


def completion(declared: Any) -> Callable[..., Any] | None:
    """What makes the answer of a query: for a route whose response model is a list of a model with fields."""
    shape, is_list = _nested(declared)
    if shape is None or not is_list:
        return None

    async def as_rows_of_model(value: Any) -> Any:
        if not isinstance(value, Rows) or value._form != "instance":
            return await value if isinstance(value, Rows) else value
        return await read_shaped(value, shared_plan(value, shape))

    return as_rows_of_model
