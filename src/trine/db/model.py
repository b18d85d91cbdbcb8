"""`Model`: a class with plain annotations, its table, and a true mapped class of SQLAlchemy."""

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, dataclass_transform

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.orm.base import NO_VALUE

from trine.errors import SetupError

from . import errors, signals
from .constraints import add_constraints
from .declare import (
    ModelOptions,
    bare,
    is_class_var,
    make_field,
    read_annotation,
    read_meta,
    table_name,
)
from .errors import FieldError, did_you_mean
from .fields import MISSING, Field, FieldOptions, ManyOptions, ReverseOptions, field, many, reverse
from .homes import HOME, home_of
from .instances import install_attributes
from .prefetch import load
from .querysets import Objects, QuerySet
from .registry import registry
from .related import Many
from .relations import Relation, settle_foreign_key, settle_many
from .scope import column_of
from .sync import run_sync
from .writing import insert, update

if TYPE_CHECKING:
    from .database import Database

_PLAIN = (FieldOptions, ManyOptions, ReverseOptions)


@dataclass_transform(kw_only_default=True, field_specifiers=(field, many, reverse))
class Model:
    """A model: its annotations are the columns of a table.

    ```python
    class Article(Model):
        title: str = field(max_length=200)
        body: str = ""
        author: User                        # a foreign key, whose column is author_id
        tags: Many[Tag] = many()            # many to many
        published: datetime | None = None
    ```

    Without a key of its own it gets `id`, which the database counts. `class Meta` takes Django's words: `ordering`, `indexes`,
    `constraints`, `db_table`, `abstract`.
    """

    __trine_model__ = True
    __options__: ClassVar[ModelOptions] = ModelOptions(abstract=True)
    __label__: ClassVar[str] = ""
    __fields__: ClassVar[dict[str, Field]] = {}
    """Every field by its name, in the order of the declaration."""
    __relations__: ClassVar[dict[str, Relation]] = {}
    __keys__: ClassVar[tuple[str, ...]] = ()
    __declared__: ClassVar[dict[str, tuple[type[Any], Any, Any]]] = {}
    __changes__: ClassVar[type[Any] | None] = None
    """The model of its changes, where they are kept: that of a `History`."""

    if TYPE_CHECKING:
        __table__: ClassVar[sa.Table]
        __mapper__: ClassVar[orm.Mapper[Any]]
        id: Any = field(init=False)

    objects: ClassVar[Objects] = Objects()
    DoesNotExist: ClassVar[type[errors.DoesNotExist]] = errors.DoesNotExist
    MultipleObjectsReturned: ClassVar[type[errors.MultipleObjectsReturned]] = errors.MultipleObjectsReturned

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declare(cls)

    def __init__(self, **values: Any) -> None:
        model = type(self)
        for made in model.__with_defaults__:
            name = made.attname
            if name not in values and made.name not in values and (value := made.make_default()) is not MISSING:
                setattr(self, name, value)
        settable, plain, written = model.__settable__, model.__plain__, self.__dict__
        state = written["_sa_instance_state"]
        for name, value in values.items():
            if name not in settable:
                _refuse_name(model, name)
            events = plain.get(name)
            if events is None or name in written or events.set:
                setattr(self, name, value)
            else:
                # What SQLAlchemy's attribute would do, where nobody listens and the instance is in no session yet.
                state.committed_state[name] = NO_VALUE
                state.modified = True
                written[name] = value

    __settable__: ClassVar[frozenset[str]] = frozenset()
    __with_defaults__: ClassVar[tuple[Field, ...]] = ()
    __renewed__: ClassVar[tuple[Field, ...]] = ()
    __written__: ClassVar[tuple[tuple[str, bool, bool], ...]] = ()
    """The attributes that an INSERT may name, whether each may be absent, and whether None means that it is."""
    __plain__: ClassVar[dict[str, Any]] = {}
    """The columns that are no keys of other tables, with the events of their attributes."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        raise SetupError(
            f"{cls.__name__} is a table, and its rows are no input or answer by themselves.",
            hint=f"Say which fields travel: class {cls.__name__}Out(ModelSchema, model={cls.__name__}, fields=[...]).",
        )

    # One row ----------------------------------------------------------------------------------------------------

    @property
    def pk(self) -> Any:
        """The key: its value, a tuple where it has several columns. None before the row has one."""
        values = self.__dict__
        keys = type(self).__keys__
        if len(keys) == 1:
            return values.get(keys[0])
        return tuple(values.get(name) for name in keys) if all(values.get(name) is not None for name in keys) else None

    async def save(
        self,
        *,
        force_insert: bool = False,
        update_fields: list[str] | tuple[str, ...] | None = None,
        using: "str | Database | None" = None,
    ) -> None:
        """Write the row: a new one as it is, another one where it has changed, or `update_fields` of it."""
        await save(self, force_insert=force_insert, update_fields=update_fields, using=using)

    async def delete(self, *, using: "str | Database | None" = None) -> None:
        """Delete the row. What refers to it is dealt with by the database, as `on_delete` says."""
        await delete(self, using=using)

    async def refresh_from_db(self, *, fields: list[str] | tuple[str, ...] | None = None) -> None:
        """Read the row again, or some fields of it. Relations that were read are forgotten."""
        await refresh(self, fields)

    async def load(self, *names: str) -> Self:
        """Read relations, or fields that were left out: for this row and all that came with it in the same query."""
        await load(self, names)
        return self

    @classmethod
    def schema(
        cls,
        *fields: str,
        exclude: tuple[str, ...] | list[str] = (),
        mode: Literal["read", "create", "update"] = "read",
        name: str | None = None,
        **nested: Any,
    ) -> Any:
        """A schema of the model, of some fields or of all: `Article.schema("id", "title")`. `ModelSchema` tells what it can."""
        from .schemas import schema_of

        return schema_of(cls, fields=fields or None, exclude=exclude, mode=mode, name=name, **nested)

    async def full_clean(self, *, exclude: tuple[str, ...] = ()) -> None:
        """Check every field with Pydantic, then `clean()`, then what must be unique. Raises one error with all failures."""
        from .validation import full_clean

        await full_clean(self, exclude)

    def clean(self) -> None:
        """Check what concerns several fields: a model overrides it, and raises `ValueError`."""

    @property
    def sync(self) -> "SyncModel":
        """The same for `def` code: `article.sync.save()`."""
        return SyncModel(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk}>" if self.pk is not None else f"<{type(self).__name__}, not saved>"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Model) or type(self) is not type(other):
            return NotImplemented
        return self.pk is not None and self.pk == other.pk

    def __hash__(self) -> int:
        key = self.pk
        return object.__hash__(self) if key is None else hash((type(self), key))


class SyncModel:
    """What an instance does, for `def` code."""

    def __init__(self, instance: Model) -> None:
        self._instance = instance

    def save(self, **options: Any) -> None:
        """Write the row."""
        run_sync(self._instance.save(**options))

    def delete(self, **options: Any) -> None:
        """Delete the row."""
        run_sync(self._instance.delete(**options))

    def refresh_from_db(self, **options: Any) -> None:
        """Read the row again."""
        run_sync(self._instance.refresh_from_db(**options))

    def load(self, *names: str) -> None:
        """Read relations, or fields that were left out."""
        run_sync(self._instance.load(*names))

    def full_clean(self, **options: Any) -> None:
        """Check every field."""
        run_sync(self._instance.full_clean(**options))


# Rows ---------------------------------------------------------------------------------------------------------------


async def save(instance: Any, *, force_insert: bool, update_fields: Any, using: Any) -> None:
    """Insert or update an instance."""
    database = _database(instance, using)
    if signals.pre_save.receivers or signals.post_save.receivers:
        await _save_and_tell(instance, database, force_insert=force_insert, update_fields=update_fields)
    else:
        await _write(instance, database, force_insert=force_insert, update_fields=update_fields)
    if using is not None:
        instance.__dict__[HOME] = database.alias


async def _save_and_tell(instance: Any, database: "Database", *, force_insert: bool, update_fields: Any) -> None:
    created = force_insert or instance._sa_instance_state.key is None
    said = {"instance": instance, "created": created, "update_fields": update_fields, "using": database}
    await signals.pre_save.send(type(instance), **said)
    await _write(instance, database, force_insert=force_insert, update_fields=update_fields)
    await signals.post_save.send(type(instance), **said)


async def _write(instance: Any, database: "Database", *, force_insert: bool, update_fields: Any) -> None:
    is_new = force_insert or instance._sa_instance_state.key is None
    if is_new and update_fields is not None:
        raise FieldError(f"{instance!r} has no row yet, so update_fields has nothing to write to.")
    if type(instance).__changes__ is not None:
        from .history import keep_changes

        if is_new:
            await keep_changes(type(instance), database, (), lambda: insert(instance, database), made=[instance])
        else:
            key = instance._sa_instance_state.key[1]
            await keep_changes(type(instance), database, key, lambda: update(instance, database, update_fields))
    elif is_new:
        await insert(instance, database)
    else:
        await update(instance, database, update_fields)


async def delete(instance: Any, *, using: Any) -> None:
    """Delete the row of an instance, which may be saved anew."""
    if instance._sa_instance_state.key is None:
        raise FieldError(f"{instance!r} has no row that could be deleted.")
    database = _database(instance, using)
    rows: QuerySet[Any] = QuerySet(type(instance)).using(database)
    await signals.pre_delete.send(type(instance), instance=instance, using=database)
    await rows.filter(**{name: instance.__dict__[name] for name in type(instance).__keys__}).delete()
    orm.make_transient(instance)
    await signals.post_delete.send(type(instance), instance=instance, using=database)


async def refresh(instance: Any, fields: Any) -> None:
    """Read an instance's row again."""
    model = type(instance)
    names = [made.attname for made in model.__fields__.values() if made.column is not None]
    if fields is not None:
        columns = {name: column_of(model, name) for name in fields}
        unknown = next((name for name, column in columns.items() if column is None), None)
        if unknown is not None:
            _refuse_name(model, unknown)
        names = [str(column.key) for column in columns.values() if column is not None]
    rows: QuerySet[Any] = QuerySet(model).using(_database(instance, None)).filter(pk=instance.pk)
    found = await rows.values_list(*names)
    if not found:
        raise model.DoesNotExist(f"{instance!r} is not in the database any more.")
    values = instance.__dict__
    for name, relation in model.__relations__.items():
        if fields is None or relation.attname in names:
            values.pop(name, None)
    if fields is None:
        values.pop("_trine_many", None)
    values.update(zip(names, found[0], strict=True))
    state = instance._sa_instance_state
    state.expired_attributes.difference_update(names)
    for name in names:
        state.committed_state.pop(name, None)


def _database(instance: Any, using: Any) -> "Database":
    from .database import find_database

    return find_database(using or home_of(instance))


def _refuse_name(model: type[Any], name: str) -> None:
    known = {name for name in model.__settable__ if name != "pk"}
    raise TypeError(f"{model.__name__} has no field '{name}'. {did_you_mean(name, known)}")


# Declaring ----------------------------------------------------------------------------------------------------------

_OWN = frozenset(name for name in dir(Model) if not name.startswith("_")) - {"id", "schema"}


def declare(cls: type[Any]) -> None:
    """Read a class, and map it onto a table unless it is abstract."""
    cls.__options__ = read_meta(cls)
    cls.__declared__ = _declared(cls)
    if cls.__options__.abstract:
        return
    parent = next((base for base in cls.__mro__[1:] if "__table__" in vars(base)), None)
    if parent is not None:
        raise SetupError(
            f"{cls.__qualname__} inherits from {parent.__qualname__}, which has a table of its own.",
            hint="Let both inherit from an abstract model (class Meta: abstract = True), or relate them: parent: Parent.",
        )
    cls.__label__ = f"{cls.__options__.package}.{cls.__name__}"
    cls.__relations__ = {}
    cls.__fields__ = _fields(cls)
    for name, kind in (("DoesNotExist", errors.DoesNotExist), ("MultipleObjectsReturned", errors.MultipleObjectsReturned)):
        setattr(cls, name, type(name, (kind,), {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{name}"}))
    registry.add(cls.__label__, cls)
    _map(cls)


def _declared(cls: type[Any]) -> dict[str, tuple[type[Any], Any, Any]]:
    """Every annotated attribute: the class that has it, the annotation, and what stands behind it."""
    declared = {}
    for base in reversed(cls.__mro__[1:]):
        declared.update(vars(base).get("__declared__", {}))
    for name, annotation in inspect.get_annotations(cls).items():
        if name.startswith("_") or is_class_var(annotation):
            continue
        if name in _OWN:
            raise SetupError(
                f"{cls.__qualname__} has a field '{name}', which every model has as something else.",
                hint=f"Call it {name}_, with field(db_column='{name}') for the column.",
            )
        declared[name] = (cls, annotation, vars(cls).get(name, MISSING))
        if name in vars(cls):
            # SQLAlchemy maps no attribute that the class has already.
            delattr(cls, name)
    for name, value in list(vars(cls).items()):
        if isinstance(value, _PLAIN):
            raise SetupError(
                f"{cls.__qualname__}.{name} = field(...) has no annotation.", hint=f"Write {name}: str = field(...)."
            )
    return declared


def _fields(cls: type[Any]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    keys = [said for _, _, said in cls.__declared__.values() if isinstance(said, FieldOptions) and said.primary_key]
    for name, (owner, annotation, said) in cls.__declared__.items():
        if isinstance(said, ReverseOptions):
            continue
        kind, _, _ = bare(read_annotation(owner, annotation))
        if isinstance(said, ManyOptions) or getattr(kind, "__origin__", kind) is Many:
            if not isinstance(said, ManyOptions):
                raise SetupError(
                    f"{cls.__qualname__}.{name} is annotated Many[...], and does not say what it is.",
                    hint=f"Write {name}: Many[...] = many(), or reverse('field') where the other model declares it.",
                )
            target = getattr(kind, "__args__", (None,))[0]
            fields[name] = Field(
                name,
                annotation,
                read_annotation(owner, target),
                is_null=False,
                options=FieldOptions(label=said.label),
                kind="many",
                attname=name,
                many=said,
            )
            continue
        made = make_field(owner, name, annotation, said, counts=len(keys) == 1)
        fields[name] = made
    _drop_typed_keys(cls, fields)
    if not any(made.primary_key for made in fields.values()):
        given = fields.pop("id", None)
        kind = int if given is None else given.python_type
        if kind is not int:
            raise SetupError(
                f"{cls.__qualname__}.id is annotated {getattr(kind, '__name__', kind)}, and the database counts integers alone.",
                hint="Say that it is the key, and what makes it: id: UUID = field(primary_key=True, default_factory=uuid4).",
            )
        fields = {"id": make_field(cls, "id", int, FieldOptions(primary_key=True, editable=False)), **fields}
    return fields


def _drop_typed_keys(cls: type[Any], fields: dict[str, Field]) -> None:
    """Forget `author_id: int` beside `author: User`: it types the attribute that the foreign key has anyway."""
    for made in list(fields.values()):
        if made.kind == "foreign_key" and made.attname in fields:
            del fields[made.attname]


def _map(cls: type[Any]) -> None:
    options = cls.__options__
    columns = [made.column for made in cls.__fields__.values() if made.column is not None]
    # A deleted row's key is never given to another one.
    counted: dict[str, Any] = {"sqlite_autoincrement": True} if any(made.is_auto for made in cls.__fields__.values()) else {}
    name = options.db_table or table_name(cls, options.package)
    table = sa.Table(name, registry.tables, *columns, info={"model": cls}, **counted)
    cls.__keys__ = tuple(str(column.key) for column in table.primary_key.columns)
    names = {made.name for made in cls.__fields__.values()} | {made.attname for made in cls.__fields__.values()}
    cls.__settable__ = frozenset(names | {"pk"})
    stored = [made for made in cls.__fields__.values() if made.column is not None]
    cls.__with_defaults__ = tuple(made for made in stored if made.makes_default)
    cls.__renewed__ = tuple(made for made in stored if made.options.on_update is not None)
    cls.__written__ = tuple(
        (made.attname, made.is_null or made.has_default, made.is_auto or made.options.db_default is not MISSING)
        for made in stored
        if not made.is_generated
    )
    registry.mappers.map_imperatively(cls, table)
    for made in cls.__fields__.values():
        if made.kind == "foreign_key":
            registry.pending.append(_Settling(settle_foreign_key, cls, made))
    for made in cls.__fields__.values():
        if made.kind == "many":
            registry.late.append(_Settling(settle_many, cls, made))
    registry.late.append(_Settling(add_constraints, cls, None))


class _Settling:
    """Something that is done once every model is known."""

    def __init__(self, function: Any, model: type[Any], made: Field | None) -> None:
        self.function, self.model, self.made = function, model, made

    def __call__(self) -> None:
        if self.made is None:
            self.function(self.model)
        elif self.made.relation is None:
            self.function(self.model, self.made)


event.listen(orm.Mapper, "before_configured", registry.settle)
event.listen(orm.Mapper, "after_configured", install_attributes)
