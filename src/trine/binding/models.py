"""Models whose fields are read one by one, from a query, headers, cookies or a form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isclass
from types import NoneType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import AliasChoices, AliasPath, BeforeValidator

from trine.http import FormData, Headers, ImmutableMultiDict, UploadFile

from .params import Header, Kind
from .signature import Input, is_fields_model, is_sequence_type, union_members


@dataclass(frozen=True)
class FieldNames:
    """A model's field: the names that a client may send it under, in the order of preference."""

    name: str
    wire: tuple[str, ...]
    takes_all: bool
    hyphens: bool = False
    """Whether the name on the wire is made from the field's: the model itself knows only the latter."""

    def key(self, wire: str) -> str:
        """The name under which the model's validator takes what came under a name on the wire."""
        return self.name if self.hyphens else wire


class Received(dict[str, Any]):
    """Everything that came, by name: a model's members take what is theirs from `source`."""

    def __init__(self, source: Any) -> None:
        self.source = source
        super().__init__({name: _one_or_all(values_of(source, name)) for name in source})


def values_of(source: Any, name: str) -> list[Any]:
    """Every value of a name. A file that the user did not choose is none, though browsers send it."""
    if isinstance(source, ImmutableMultiDict | Headers):
        return [value for value in source.getlist(name) if not _is_unchosen_file(value)]
    return [source[name]] if name in source else []


def models_of(annotation: Any) -> list[Any]:
    """The models among a type's members."""
    return [member for member in union_members(annotation) if is_fields_model(member)]


def names_of(model: Any, item: Input) -> list[FieldNames]:
    """A model's fields as an input takes them."""
    hyphens = isinstance(item.param, Header) and item.param.convert_underscores
    return [
        FieldNames(
            name,
            wire or (name.replace("_", "-") if hyphens else name,),
            takes_all or any(is_sequence_type(member) for member in union_members(annotation)),
            hyphens=hyphens and not wire,
        )
        for name, annotation, wire, takes_all in _fields(model)
    ]


def is_sent(item: Input, source: Any) -> bool:
    """Whether anything came that an optional model could be made of."""
    models = models_of(item.annotation)
    if any(_extra(model) in ("allow", "forbid") for model in models) and any(True for _ in source):
        return True
    return any(values_of(source, wire) for model in models for names in names_of(model, item) for wire in names.wire)


def is_optional(item: Input) -> bool:
    """Whether the model may be missing as a whole."""
    return not item.required or NoneType in union_members(item.annotation)


def picking(annotation: Any, item: Input) -> Any:
    """The same type, each of whose models takes its own fields from a `Received`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        return Annotated[(picking(inner, item), *metadata)]
    members = get_args(annotation)
    if len(union_members(annotation)) > 1 and members:
        return Union[tuple(picking(member, item) for member in members)]  # noqa: UP007 - made from a tuple
    return Annotated[annotation, BeforeValidator(picker(annotation, item))] if is_fields_model(annotation) else annotation


def picker(model: Any, item: Input) -> Callable[[Any], Any]:
    """Make the function that takes a model's fields, and what else there is, from a `Received`."""
    fields = names_of(model, item)
    is_header, chosen = item.kind == "header", chosen_of(item.kind)
    unasked = TRANSPORT_HEADERS if is_header and _extra(model) in ("allow", "forbid") else frozenset[str]()

    def pick(received: Any) -> Any:
        if not isinstance(received, Received):
            return received
        source = received.source
        picked: dict[str, Any] = {}
        seen: set[str] = set()
        for names in fields:
            for wire in names.wire:
                seen.add(wire.lower() if is_header else wire)
                values = _taken(values_of(source, wire), source, takes_all=names.takes_all)
                if values:
                    picked[names.key(wire)] = values if names.takes_all else values[chosen]
                    break
        # Whether further names are welcome is the model's decision (`extra="forbid"`).
        for name in received:
            if name not in seen and name not in unasked:
                picked[name] = received[name]
        return picked

    return pick


def chosen_of(kind: Kind) -> int:
    """Which of several values counts where one is wanted: a header's first line, the last one of everything else."""
    return 0 if kind == "header" else -1


def wire_locations(item: Input) -> Mapping[str, str]:
    """How errors must call fields whose names on the wire their model does not know."""
    return {names.name: names.wire[0] for model in models_of(item.annotation) for names in names_of(model, item) if names.hyphens}


def _taken(values: list[Any], source: Any, *, takes_all: bool) -> list[Any]:
    # An empty text is how browsers send a field that was left empty; in a list it is an item like any other.
    return values if takes_all or not isinstance(source, FormData) else [value for value in values if value != ""]


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _is_unchosen_file(value: Any) -> bool:
    return isinstance(value, UploadFile) and not value.filename and not value.size


def _extra(model: Any) -> str | None:
    if isclass(model) and issubclass(model, msgspec.Struct):
        return "forbid" if model.__struct_config__.forbid_unknown_fields else None
    config = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}
    return config.get("extra")


def _fields(model: Any) -> Iterable[tuple[str, Any, tuple[str, ...], bool]]:
    """Give name, type, declared names on the wire, and whether a path into a list asks for every value."""
    if hasattr(model, "model_fields"):
        for name, field in model.model_fields.items():
            yield name, field.annotation, *_declared_names(model, name, field.validation_alias or field.alias)
    elif isclass(model) and issubclass(model, msgspec.Struct):
        for entry in msgspec.structs.fields(model):
            yield entry.name, entry.type, (entry.encode_name,) if entry.encode_name != entry.name else (), False
    else:
        for name, annotation in get_type_hints(model, include_extras=True).items():
            yield name, annotation, (), False


def _declared_names(model: Any, name: str, alias: Any) -> tuple[tuple[str, ...], bool]:
    if alias is None:
        return (), False
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    wire = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices]
    config = model.model_config
    if config.get("validate_by_alias") is False:
        wire = [name]
    elif config.get("populate_by_name") or config.get("validate_by_name"):
        wire.append(name)
    return tuple(dict.fromkeys(wire)), any(isinstance(choice, AliasPath) for choice in choices)


# Every client sends these: they are no fields of a model that forbids extra ones, unless it declares them.
TRANSPORT_HEADERS = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent"})
