"""Schemas from models: what of a model a client sends, and what it gets."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, dataclass_transform, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic import Field as SchemaField
from pydantic._internal._decorators import PydanticDescriptorProxy

from trine.errors import SetupError

from .errors import did_you_mean
from .fields import MISSING, Field
from .registry import registry
from .validation import field_type

if TYPE_CHECKING:
    from .database import Database

Mode = Literal["read", "create", "update"]
"""What a schema is for: an answer, a new row, or changes of a row, of which each may be left out."""


@dataclass_transform(kw_only_default=True, field_specifiers=(SchemaField,))
class SchemaMeta(type(BaseModel)):  # type: ignore[misc] # Pydantic's metaclass, which it does not name in public
    """Takes fields over from a model before Pydantic reads the class."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type[Any], ...],
        namespace: dict[str, Any],
        *,
        model: type[Any] | None = None,
        fields: Sequence[str] | Literal["all"] | None = None,
        exclude: Sequence[str] = (),
        mode: Mode | None = None,
        **options: Any,
    ) -> Any:
        """Make the class."""
        inherited = next((base for base in bases if isinstance(base, SchemaMeta)), None)
        model = model or getattr(inherited, "__model__", None)
        said: Any = mode or getattr(inherited, "__mode__", "read")
        chosen: Mode = said
        if model is not None:
            _add_fields(name, namespace, model, fields, exclude, chosen)
        made = super().__new__(mcs, name, bases, namespace, **options)
        made.__model__, made.__mode__ = model, chosen
        stored = () if model is None else (one.attname for one in model.__fields__.values() if one.column is not None)
        made.__columns__ = frozenset(stored)
        return made


class ModelSchema(BaseModel, metaclass=SchemaMeta):
    """A schema with fields of a model: `class ArticleOut(ModelSchema, model=Article, fields=["id", "title", "author"])`.

    Each field has the type, the limits and the validators that the model gives it. A foreign key is its key, `author_id`, unless
    the class annotates it: `author: AuthorOut` nests, and so does `tags: list[TagOut]`. `mode="create"` leaves out what the
    database makes and lets fields with a default be absent; with `mode="update"` all may be, and what is absent stays as it is.
    `exclude` names what is left out, with `fields="all"` or without `fields`.
    """

    model_config = ConfigDict(from_attributes=True)
    if TYPE_CHECKING:
        __model__: ClassVar[type[Any]]
        __mode__: ClassVar[Mode]
        __columns__: ClassVar[frozenset[str]]

    def values(self) -> dict[str, Any]:
        """What was sent, by the names of the model's columns. What was left out is not there; None is."""
        sent, found = self.model_fields_set & type(self).__columns__, self.__dict__
        return {name: found[name] if name in found else getattr(self, name) for name in sent}

    async def create(self, *, using: "str | Database | None" = None, **values: Any) -> Any:
        """Write a new row, with further values that the client does not say, and give the instance."""
        model = type(self).__model__
        instance = model(**{**self.values(), **values})
        await instance.save(using=using)
        await self._set_many(instance)
        return instance

    async def update(self, instance: Any, *, using: "str | Database | None" = None, **values: Any) -> Any:
        """Change a row as the client says, and give the instance. What was left out stays."""
        for name, value in {**self.values(), **values}.items():
            setattr(instance, name, value)
        await instance.save(using=using)
        await self._set_many(instance)
        return instance

    async def _set_many(self, instance: Any) -> None:
        for name in self.model_fields_set:
            made = type(self).__model__.__fields__.get(name)
            if made is not None and made.kind == "many" and getattr(self, name) is not None:
                await getattr(instance, name).set(getattr(self, name))


def schema_of(
    model: type[Any],
    *,
    fields: Sequence[str] | Literal["all"] | None = None,
    exclude: Sequence[str] = (),
    mode: Mode = "read",
    name: str | None = None,
    **nested: Any,
) -> Any:
    """A schema of a model, made once for the same arguments: its name in the OpenAPI document is the same each time.

    `nested` gives relations, or other fields, a type of their own: `schema_of(Article, author=AuthorOut)`.
    """
    chosen = None if fields is None or fields == "all" else tuple(fields)
    key = (chosen, tuple(exclude), mode, name, tuple(sorted((field, repr(kind)) for field, kind in nested.items())))
    kept: dict[Any, Any] = vars(model).get("__schemas__") or {}
    if key not in kept:
        kept[key] = SchemaMeta(
            name or _name(model, chosen, exclude, mode),
            (ModelSchema,),
            {"__annotations__": dict(nested), "__module__": model.__module__, "__doc__": (model.__doc__ or "").strip() or None},
            model=model,
            fields=fields,
            exclude=exclude,
            mode=mode,
        )
        model.__schemas__ = kept
    return kept[key]


def relation_paths(schema: Any, prefix: str = "") -> tuple[list[str], list[str]]:
    """The relations that a schema nests, as `select_related` and as `prefetch_related` take them."""
    one: list[str] = []
    many: list[str] = []
    registry.configure()
    for name, info in schema.model_fields.items():
        relation = schema.__model__.__relations__.get(name) if getattr(schema, "__model__", None) else None
        if relation is None:
            continue
        path = prefix + name
        inner = _inner_schema(info.annotation)
        (many if relation.is_many else one).append(path)
        if inner is not None:
            deeper_one, deeper_many = relation_paths(inner, f"{path}__")
            # What lies behind many rows is read with them.
            (many if relation.is_many else one).extend(deeper_one)
            many.extend(deeper_many)
    return one, many


def _name(model: type[Any], fields: Iterable[str] | None, exclude: Iterable[str], mode: Mode) -> str:
    chosen = "".join(_camel(field) for field in fields or ())
    without = "".join(_camel(field) for field in exclude)
    return f"{model.__name__}{mode.title()}{chosen}{f'Without{without}' if without else ''}"


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _add_fields(name: str, namespace: dict[str, Any], model: type[Any], fields: Any, exclude: Sequence[str], mode: Mode) -> None:
    """Put a model's fields into the namespace of a class that is being made."""
    registry.configure()
    annotations: dict[str, Any] = namespace.setdefault("__annotations__", {})
    known = {made.name: made for made in model.__fields__.values()}
    known |= {made.attname: made for made in model.__fields__.values()}
    for said in [*(fields if fields not in (None, "all") else ()), *exclude]:
        if said not in known and said not in annotations and said not in model.__relations__:
            raise SetupError(f"{name} takes '{said}' of {model.__name__}, which has no such field. {did_you_mean(said, known)}")
    own = dict(annotations)
    left_out = {known[said].name for said in exclude if said in known}
    ordered: dict[str, Any] = {}
    for made in _chosen(model, fields, known):
        attribute = made.name if made.kind == "many" else made.attname
        if made.name in own or attribute in own:
            # Annotated by the class itself: nested, or narrower.
            taken = made.name if made.name in own else attribute
            ordered[taken] = own.pop(taken)
        elif made.name not in left_out and (fields not in (None, "all") or _belongs(made, mode)):
            ordered[attribute], default = _field_of(made, mode)
            if default is not MISSING:
                namespace.setdefault(attribute, default)
    annotations.clear()
    annotations.update(ordered, **own)
    _take_validators(namespace, model, set(ordered))


def _chosen(model: type[Any], fields: Any, known: dict[str, Field]) -> list[Field]:
    if fields in (None, "all"):
        return list(model.__fields__.values())
    return list({known[said].name: known[said] for said in fields if said in known}.values())


def _belongs(made: Field, mode: Mode) -> bool:
    """Whether a field is there where none was named: what clients cannot say is not asked of them."""
    if made.kind == "many":
        return False
    if mode == "read":
        return True
    return not (made.is_auto or made.is_generated or not made.options.editable or made.options.on_update is not None)


def _field_of(made: Field, mode: Mode) -> tuple[Any, Any]:
    """A field's type in a schema, and its default there."""
    said: dict[str, Any] = {}
    if made.options.help_text:
        said["description"] = made.options.help_text
    if made.options.label:
        said["title"] = made.options.label
    if made.kind == "many":
        key = made.relation.target.__fields__.get(made.relation.remote.key)
        one: Any = int if key is None else key.python_type
        kind: Any = Annotated[list[one], BeforeValidator(_keys_of)]
        if mode == "read":
            return kind, SchemaField(**said) if said else MISSING
        return kind, SchemaField(default_factory=list, **said)
    kind = field_type(made)
    if mode == "read":
        return kind, SchemaField(**said) if said else MISSING
    if mode == "update":
        return kind, SchemaField(default=None, **said)
    if made.options.default_factory is not None:
        return kind, SchemaField(default_factory=made.options.default_factory, **said)
    default = made.options.default
    if default is MISSING:
        # The database's own default counts where the client says nothing: `values()` has only what was sent.
        default = None if made.is_null or made.has_default else MISSING
    if default is MISSING:
        return kind, SchemaField(**said) if said else MISSING
    return kind, SchemaField(default=default, **said)


def _keys_of(value: Any) -> Any:
    """The keys of rows, where rows were given."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
        return value
    return [row.pk if hasattr(row, "__trine_model__") else row for row in value]


def _take_validators(namespace: dict[str, Any], model: type[Any], names: set[str]) -> None:
    """Take the model's own validators along, of the fields that are there."""
    for base in reversed(model.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, PydanticDescriptorProxy):
                fields = getattr(value.decorator_info, "fields", None)
                if fields is not None and set(fields) <= names:
                    namespace.setdefault(name, value)


def _inner_schema(annotation: Any) -> Any:
    if isinstance(annotation, SchemaMeta):
        return annotation
    for argument in get_args(annotation) if get_origin(annotation) is not None else ():
        found = _inner_schema(argument)
        if found is not None:
            return found
    return None
