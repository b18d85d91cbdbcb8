"""From rows to instances: one function, written for the columns of one statement.

An instance that comes out is what a session of SQLAlchemy would give, detached: it has its state and its key, can be added to a
session, and keeps its history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import orm

from .dialects import Dialect
from .homes import HOME
from .statements import reader

Hydrate = Callable[[Sequence[Sequence[Any]]], list[Any]]
KEY = "_trine_peers"


@dataclass
class Tree:
    """A model whose instances come out of a row: the places of its columns, and what hangs on it."""

    model: type[Any]
    columns: list[tuple[str, int, Any]]
    """The attribute, the place in the row, and the type of each column."""
    branches: dict[str, "Tree"] = field(default_factory=dict)
    """Related instances of the same row, by the attribute that gets them."""
    is_partial: bool = False
    """Whether columns were left out."""


def write_hydrate(tree: Tree, extras: Sequence[tuple[str, int, Any]], dialect: Dialect, alias: str) -> Hydrate:
    """Write the function that makes instances, from the database of an alias; `extras` are annotations."""
    writer = _Writer(dialect, alias)
    body = writer.instance(tree, "o0", extras, can_be_missing=False)
    seen = "\n".join(f"    {name} = {{}}" for name in writer.seen)
    source = (
        "def hydrate(rows):\n"
        "    made = []\n"
        f"{seen}\n"
        "    append = made.append\n"
        "    peers = [] if len(rows) > 1 else None\n"
        "    for r in rows:\n" + "\n".join(f"        {line}" for line in body) + "\n"
        "        append(o0)\n"
        "    return made\n"
    )
    names: dict[str, Any] = {"new": object.__new__, **writer.names}
    exec(compile(source, f"<rows of {tree.model.__name__}>", "exec"), names)  # noqa: S102 - written above, of checked names
    hydrate: Hydrate = names["hydrate"]
    return hydrate


class _Writer:
    def __init__(self, dialect: Dialect, alias: str) -> None:
        self.dialect = dialect
        self.alias = alias
        self.names: dict[str, Any] = {}
        self.seen: list[str] = []
        self._count = 0

    def value(self, place: int, kind: Any) -> str:
        read = reader(kind, self.dialect)
        if read is None:
            return f"r[{place}]"
        name = f"read{len(self.names)}"
        self.names[name] = read
        return f"{name}(r[{place}])"

    def instance(self, tree: Tree, name: str, extras: Sequence[tuple[str, int, Any]], *, can_be_missing: bool) -> list[str]:
        number = self._count
        self._count += 1
        model = tree.model
        manager = orm.class_mapper(model).class_manager
        self.names[f"M{number}"] = model
        self.names[f"G{number}"] = manager
        self.names[f"S{number}"] = manager._state_constructor
        places = {attribute: (place, kind) for attribute, place, kind in tree.columns}
        keys = [model.__mapper__.get_property_by_column(column).key for column in model.__table__.primary_key.columns]
        values = {attribute: self.value(place, kind) for attribute, (place, kind) in places.items()}
        lines = [
            f"{name} = new(M{number})",
            f"d = {name}.__dict__",
            f"s = d['_sa_instance_state'] = S{number}({name}, G{number})",
        ]
        for attribute, value in values.items():
            if attribute in keys:
                lines.append(f"k{number}_{keys.index(attribute)} = d[{attribute!r}] = {value}")
            else:
                lines.append(f"d[{attribute!r}] = {value}")
        if model.__options__.database != self.alias:
            lines.append(f"d[{HOME!r}] = {self.alias!r}")
        key = "".join(f"k{number}_{at}, " for at in range(len(keys)))
        lines.append(f"s.key = (M{number}, ({key}), None)")
        if tree.is_partial:
            missing = {column.key for column in orm.class_mapper(model).column_attrs} - values.keys()
            self.names[f"L{number}"] = frozenset(missing)
            lines.append(f"s.expired_attributes.update(L{number})")
        lines += [f"d[{extra!r}] = {self.value(place, kind)}" for extra, place, kind in extras]
        lines.append("if peers is not None:" if not can_be_missing else "if True:")
        if can_be_missing:
            lines[-1] = "pass"
        else:
            lines += ["    peers.append(s)", f"    d[{KEY!r}] = peers"]
        for attribute, branch in tree.branches.items():
            lines += self.branch(name, attribute, branch)
        return lines

    def branch(self, owner: str, attribute: str, tree: Tree) -> list[str]:
        number = self._count
        inner = f"o{number}"
        seen = f"seen{number}"
        self.seen.append(seen)
        first_key = tree.model.__mapper__.get_property_by_column(next(iter(tree.model.__table__.primary_key.columns))).key
        place = next(place for name, place, _ in tree.columns if name == first_key)
        lines = self.instance(tree, inner, (), can_be_missing=True)
        return [
            f"key = r[{place}]",
            f"{inner} = {seen}.get(key) if key is not None else None",
            f"if {inner} is None and key is not None:",
            *(f"    {line}" for line in lines),
            f"    {seen}[r[{place}]] = {inner}",
            f"{owner}.__dict__[{attribute!r}] = {inner}",
        ]
