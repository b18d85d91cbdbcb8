"""Related rows, read along: one more query for each relation, however many rows there are."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .errors import FieldError
from .homes import home_of
from .registry import registry
from .relations import Relation
from .scope import Scope, Shape, column_of, unknown_name

if TYPE_CHECKING:
    from .database import Database

LOADED = "_trine_many"
"""Where an instance keeps the rows of relations to many that were read."""


class Prefetch:
    """A relation to read along, with a query of one's own: `Prefetch("comments", Comment.objects.filter(is_public=True))`."""

    def __init__(self, path: str, queryset: Any = None, *, to_attr: str | None = None) -> None:
        self.path = path
        self.queryset = queryset
        self.to_attr = to_attr


def check_path(model: type[Any], path: str, *, to_one: bool = False, to_field: bool = False) -> None:
    """Raise `FieldError` where a path is none of relations."""
    registry.configure()
    names = path.split("__")
    here = model
    for number, name in enumerate(names):
        relation = here.__relations__.get(name)
        if relation is None or (to_field and number == len(names) - 1):
            if to_field and number == len(names) - 1 and column_of(here, name) is not None:
                return
            raise (
                unknown_name(here, name, path, {})
                if relation is None and column_of(here, name) is None
                else FieldError(f"'{name}' of {here.__name__} is no relation.")
            )
        if to_one and relation.is_many:
            raise FieldError(f"'{name}' of {here.__name__} leads to many rows. Read them along with prefetch_related('{path}').")
        here = relation.target


class Between:
    """Rows of the far side of a table between, for some keys of the near side, which is read along."""

    name = "_trine_near"

    def __init__(self, relation: Relation, keys: Sequence[Any]) -> None:
        self.relation = relation
        self.keys = keys
        self.type = relation.local.type

    def shape(self, into: Shape) -> Hashable:
        """The relation; the keys are noted."""
        if into.arrays:
            into.values.append(list(self.keys))
            return (id(self.relation.through), self.relation.name)
        length = 1 << (len(self.keys) - 1).bit_length()
        into.values += [*self.keys, *[self.keys[-1]] * (length - len(self.keys))]
        return (id(self.relation.through), self.relation.name, length)

    def size(self, scope: Scope) -> int:
        """How many values it has."""
        into = Shape(arrays=scope.dialect.arrays)
        self.shape(into)
        return len(into.values)

    def columns(self, scope: Scope, part: Any) -> list[Any]:
        """Join the table between, and give the near side's key."""
        from sqlalchemy import any_
        from sqlalchemy.dialects.postgresql import ARRAY

        relation = self.relation
        between = relation.through.alias()  # type: ignore[union-attr] # relations through a table have one
        near, far = between.c[relation.through_local.key], between.c[relation.through_remote.key]
        scope.source = scope.source.join(between, far == scope.table.c[relation.remote.key])
        at = part.between_at
        if scope.dialect.arrays:
            part.where.append(near == any_(scope.param(at, ARRAY(self.type))))
        else:
            part.where.append(near.in_([scope.param(at + number, self.type) for number in range(self.size(scope))]))
        return [near]


async def prefetch_rows(instances: Sequence[Any], lookups: Iterable[Prefetch], database: "Database") -> None:
    """Read relations of instances along."""
    registry.configure()
    for lookup in lookups:
        here = [instance for instance in instances if instance is not None]
        names = lookup.path.split("__")
        for number, name in enumerate(names):
            if not here:
                break
            is_last = number == len(names) - 1
            relation = type(here[0]).__relations__[name]
            if not is_last and all(is_loaded(instance, relation) for instance in here):
                here = _related(here, relation)
                continue
            here = await load_relation(
                here, relation, database, lookup.queryset if is_last else None, lookup.to_attr if is_last else None
            )


def is_loaded(instance: Any, relation: Relation) -> bool:
    """Whether an instance has the rows of a relation."""
    if relation.is_many:
        return relation.name in instance.__dict__.get(LOADED, ()) or relation.name in instance.__dict__
    return relation.name in instance.__dict__


def _related(instances: Sequence[Any], relation: Relation) -> list[Any]:
    found: dict[int, Any] = {}
    for instance in instances:
        rows = loaded_rows(instance, relation.name) if relation.is_many else [instance.__dict__[relation.name]]
        found.update({id(row): row for row in rows or () if row is not None})
    return list(found.values())


def loaded_rows(instance: Any, name: str) -> list[Any] | None:
    """The rows of a relation to many that an instance has; None where they were not read."""
    loaded: dict[str, list[Any]] = instance.__dict__.get(LOADED, {})
    found = loaded.get(name)
    return found if found is not None else instance.__dict__.get(name)


async def load_relation(
    instances: Sequence[Any], relation: Relation, database: "Database", queryset: Any = None, to_attr: str | None = None
) -> list[Any]:
    """Read the rows of one relation for many instances, with one query, and hang them on."""
    from .querysets import QuerySet

    rows: Any = QuerySet(relation.target) if queryset is None else queryset
    rows = rows.using(database)
    local = relation.attname
    keys = list(dict.fromkeys(key for instance in instances if (key := getattr(instance, local)) is not None))
    if not keys:
        found: list[Any] = []
    elif relation.origin == "through":
        found = await rows._with(_between=Between(relation, keys))._read()
    else:
        found = await rows.filter(**{f"{relation.remote.key}__in": keys})
    if relation.origin == "through":
        grouped: dict[Any, list[Any]] = {}
        for row in found:
            grouped.setdefault(row.__dict__.pop(Between.name), []).append(row)
    elif relation.is_many:
        grouped = {}
        for row in found:
            grouped.setdefault(row.__dict__[relation.remote.key], []).append(row)
            if len(instances) == 1:
                row.__dict__[relation.reverse_name] = instances[0]
    if relation.is_many:
        for instance in instances:
            related = grouped.get(getattr(instance, local), [])
            if to_attr is not None:
                instance.__dict__[to_attr] = related
            else:
                instance.__dict__.setdefault(LOADED, {})[relation.name] = related
        return found
    by_key = {row.__dict__[relation.remote.key]: row for row in found}
    for instance in instances:
        instance.__dict__[to_attr or relation.name] = by_key.get(getattr(instance, local))
    return found


async def load(instance: Any, names: Sequence[str]) -> None:
    """Read relations and left out fields of an instance, and of all that came with it in the same query."""
    from .database import find_database

    peers = peers_of(instance)
    database = find_database(home_of(instance))
    for name in names:
        relation = type(instance).__relations__.get(name)
        if relation is not None:
            missing = [peer for peer in peers if not is_loaded(peer, relation)]
            await load_relation(missing or [instance], relation, database)
            continue
        column = column_of(type(instance), name)
        if column is None:
            raise unknown_name(type(instance), name, name, {})
        await _load_field(peers, str(column.key), database)


async def _load_field(peers: Sequence[Any], name: str, database: "Database") -> None:
    from .querysets import QuerySet

    model = type(peers[0])
    pairs = QuerySet(model).using(database).filter(pk__in=[peer.pk for peer in peers]).values_list("pk", name)
    values = dict(await pairs)
    for peer in peers:
        if peer.pk in values:
            peer.__dict__[name] = values[peer.pk]
            peer._sa_instance_state.expired_attributes.discard(name)


def peers_of(instance: Any) -> list[Any]:
    """The instances that came with one in the same query and are still alive, itself included."""
    states = instance.__dict__.get("_trine_peers")
    if not states:
        return [instance]
    alive = [peer for state in states if (peer := state.obj()) is not None]
    return alive or [instance]
