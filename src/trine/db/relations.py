"""How models hang together: each relation with its columns, settled once every model is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import orm

from trine.errors import SetupError

from .declare import ModelName, read_annotation
from .errors import did_you_mean
from .fields import Field, ManyOptions
from .registry import registry


@dataclass(eq=False, slots=True)
class Relation:
    """One direction of a relation, as seen from the model that has the attribute."""

    name: str
    model: type[Any]
    target: type[Any]
    is_many: bool
    """Whether there may be several rows on the other side."""
    is_null: bool
    local: sa.Column[Any]
    """The column of this model's table."""
    remote: sa.Column[Any]
    """The column of the target's table that has the same value, or that the table between refers to."""
    origin: Literal["foreign_key", "reverse", "through"]
    reverse_name: str = "+"
    through: sa.Table | None = None
    through_model: type[Any] | None = None
    through_local: Any = None
    """The column between that refers to this model's row."""
    through_remote: Any = None
    """The column between that refers to the target's row."""
    is_symmetrical: bool = False

    @property
    def attname(self) -> str:
        """The attribute with the column's value, of this model."""
        return str(self.local.key)


def find_model(asking: type[Any], named: Any, where: str) -> type[Any]:
    """The model that a class, a name or a label means, as written in another model."""
    found = named
    if isinstance(named, str):
        found = read_annotation(asking, named)
    if isinstance(found, ModelName):
        label = found.name
        found = registry.find(label, asking.__options__.package)
        if found is None:
            known = [model.__label__ for model in registry]
            raise SetupError(f"{where} refers to '{label}', which is no model.", hint=did_you_mean(label, known))
    if not hasattr(found, "__trine_model__"):
        raise SetupError(f"{where} refers to {found!r}, which is no model.", hint="Name a class that inherits from Model.")
    if found.__options__.abstract:
        raise SetupError(f"{where} refers to {found.__qualname__}, which is abstract and has no table.", hint="Name a model.")
    if found.__options__.database != asking.__options__.database:
        raise SetupError(
            f"{where} refers to {found.__qualname__}, which is in the database '{found.__options__.database}', and "
            f"{asking.__qualname__} is in '{asking.__options__.database}'.",
            hint="No relation leads from one database to another. Keep the key as a plain field, and ask with two queries.",
        )
    model: type[Any] = found
    return model


def key_column(model: type[Any], where: str) -> sa.Column[Any]:
    """The one column of a model's key."""
    columns = list(model.__table__.primary_key.columns)
    if len(columns) != 1:
        names = [str(column.key) for column in columns]
        together = ", ".join(f'"{name}"' for name in names)
        raise SetupError(
            f"{where} refers to {model.__qualname__}, whose key has {len(columns)} columns ({', '.join(names)}): "
            "a relation needs one.",
            hint=f"Take primary_key from them, which gives {model.__qualname__} an id, and add UniqueConstraint({together}) to "
            "its Meta.constraints. Or refer to them by plain fields, with SQLAlchemy's ForeignKeyConstraint in Meta.constraints.",
        )
    only: sa.Column[Any] = columns[0]
    return only


def settle_foreign_key(model: type[Any], made: Field) -> None:
    """Give a foreign key its type, its constraint, and the attributes on both sides."""
    where = f"{model.__qualname__}.{made.name}"
    target = find_model(model, made.python_type, where)
    made.python_type = target
    column = made.column
    assert column is not None  # noqa: S101 - a foreign key has one
    remote = key_column(target, where)
    if isinstance(remote.type, sa.types.NullType):
        settle_key_first(target, remote)
    column.type = remote.type
    on_delete = made.options.on_delete or ("SET NULL" if made.is_null else "RESTRICT")
    column.append_foreign_key(sa.ForeignKey(remote, ondelete=on_delete))
    is_one = made.options.one_to_one
    reverse_name = _reverse_name(model, target, made.options.related_name, is_many=not is_one)
    relation = Relation(
        made.name,
        model,
        target,
        is_many=False,
        is_null=made.is_null,
        local=column,
        remote=remote,
        origin="foreign_key",
        reverse_name=reverse_name,
    )
    made.relation = model.__relations__[made.name] = relation
    model.__mapper__.add_property(
        made.name, orm.relationship(target, foreign_keys=[column], primaryjoin=column == remote, remote_side=[remote])
    )
    if reverse_name.startswith("+"):
        return
    _refuse_taken(target, reverse_name, where)
    target.__relations__[reverse_name] = Relation(
        reverse_name,
        target,
        model,
        is_many=not is_one,
        is_null=True,
        local=remote,
        remote=column,
        origin="reverse",
        reverse_name=made.name,
    )
    target.__mapper__.add_property(
        reverse_name,
        orm.relationship(model, primaryjoin=column == remote, foreign_keys=[column], uselist=not is_one, viewonly=True),
    )


def settle_key_first(target: type[Any], key: sa.Column[Any]) -> None:
    """Settle a key that is a foreign key itself."""
    for made in target.__fields__.values():
        if made.column is key and made.kind == "foreign_key" and made.relation is None:
            settle_foreign_key(target, made)


def settle_many(model: type[Any], made: Field) -> None:
    """Give a relation to many rows its table between, and the attributes on both sides."""
    where = f"{model.__qualname__}.{made.name}"
    options = made.many or ManyOptions()
    target = find_model(model, made.python_type, where)
    made.python_type = target
    if options.through is None:
        table, near, far = _make_between(model, made.name, target, where)
        through_model = None
    else:
        through_model = find_model(model, options.through, f"{where}'s through")
        table, near, far = _find_between(through_model, model, target, options, where)
    local, remote = key_column(model, where), key_column(target, where)
    reverse_name = _reverse_name(model, target, "+" if options.symmetrical else options.related_name, is_many=True)
    if reverse_name.startswith("+"):
        # Without a name of its own, it is still needed to ask for rows by the other side.
        reverse_name = f"+{model.__label__}.{made.name}"
    relation = Relation(
        made.name,
        model,
        target,
        is_many=True,
        is_null=False,
        local=local,
        remote=remote,
        origin="through",
        reverse_name=reverse_name,
        through=table,
        through_model=through_model,
        through_local=near,
        through_remote=far,
        is_symmetrical=options.symmetrical,
    )
    made.relation = model.__relations__[made.name] = relation
    joins: dict[str, Any] = {"secondary": table, "primaryjoin": local == near, "secondaryjoin": remote == far}
    model.__mapper__.add_property(made.name, orm.relationship(target, viewonly=through_model is not None, **joins))
    _refuse_taken(target, reverse_name, where)
    target.__relations__[reverse_name] = Relation(
        reverse_name,
        target,
        model,
        is_many=True,
        is_null=False,
        local=remote,
        remote=local,
        origin="through",
        reverse_name=made.name,
        through=table,
        through_model=through_model,
        through_local=far,
        through_remote=near,
        is_symmetrical=options.symmetrical,
    )
    if reverse_name.startswith("+"):
        return
    joins = {"secondary": table, "primaryjoin": remote == far, "secondaryjoin": local == near}
    target.__mapper__.add_property(reverse_name, orm.relationship(model, viewonly=True, **joins))


def _make_between(model: type[Any], name: str, target: type[Any], where: str) -> tuple[sa.Table, sa.Column[Any], sa.Column[Any]]:
    near_name, far_name = f"{model.__name__.lower()}_id", f"{target.__name__.lower()}_id"
    if near_name == far_name:
        near_name, far_name = f"from_{near_name}", f"to_{far_name}"
    local, remote = key_column(model, where), key_column(target, where)
    near = sa.Column(near_name, local.type, sa.ForeignKey(local, ondelete="CASCADE"), primary_key=True, autoincrement=False)
    far = sa.Column(
        far_name, remote.type, sa.ForeignKey(remote, ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    table = sa.Table(f"{model.__table__.name}_{name}", registry.tables, near, far)
    return table, near, far


def _find_between(
    through: type[Any], model: type[Any], target: type[Any], options: ManyOptions, where: str
) -> tuple[sa.Table, sa.Column[Any], sa.Column[Any]]:
    for made in through.__fields__.values():
        if made.kind == "foreign_key" and made.relation is None:
            settle_foreign_key(through, made)
    keys = {made.name: made for made in through.__fields__.values() if made.kind == "foreign_key"}
    if options.through_fields is not None:
        unknown = set(options.through_fields) - keys.keys()
        if unknown:
            raise SetupError(f"{where} names '{min(unknown)}', which is no foreign key of {through.__qualname__}.")
        near, far = (keys[name] for name in options.through_fields)
    else:
        near_keys = [made for made in keys.values() if made.python_type is model]
        far_keys = [made for made in keys.values() if made.python_type is target]
        if model is target and len(near_keys) == 2:
            near_keys, far_keys = near_keys[:1], near_keys[1:]
        if len(near_keys) != 1 or len(far_keys) != 1:
            raise SetupError(
                f"{where} goes through {through.__qualname__}, which has {len(near_keys)} foreign keys to {model.__qualname__} "
                f"and {len(far_keys)} to {target.__qualname__}.",
                hint="Say which two: many(through=..., through_fields=('from_field', 'to_field')).",
            )
        near, far = near_keys[0], far_keys[0]
    assert near.column is not None  # noqa: S101 - foreign keys have columns
    assert far.column is not None  # noqa: S101 - the same
    return through.__table__, near.column, far.column


def _reverse_name(model: type[Any], target: type[Any], said: str | None, *, is_many: bool) -> str:
    """What the other side calls it: Django's default where nothing is said. A name with `+` is nobody's."""
    if said is None:
        name = model.__name__.lower()
        return f"{name}_set" if is_many else name
    return said.replace("%(class)s", model.__name__.lower()).replace("%(app_label)s", model.__options__.package)


def _refuse_taken(target: type[Any], name: str, where: str) -> None:
    if name in target.__fields__ or name in target.__relations__:
        raise SetupError(
            f"{where} would be called '{name}' on the side of {target.__qualname__}, where there is such a name already.",
            hint="Say another one: field(related_name='...') or many(related_name='...'); '+' for none.",
        )


def relations_below(model: type[Any]) -> Iterator[Relation]:
    """Every relation of a model, both those it declares and those that others declare."""
    registry.configure()
    yield from model.__relations__.values()
