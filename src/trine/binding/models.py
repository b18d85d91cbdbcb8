"""Models whose fields are read one by one, from a query, headers, cookies or a form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isclass
from types import NoneType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import AliasChoices, AliasPath, BeforeValidator
from pydantic.fields import FieldInfo

from trine.http import Headers, ImmutableMultiDict, UploadFile

from .annotations import is_fields_model, is_sequence_type, union_members
from .params import Header, Kind
from .signature import Input


@dataclass(frozen=True)
class FieldNames:
    """A model's field: the names that a client may send it under, in the order of preference."""

    name: str
    wire: tuple[str, ...]
    takes_all: bool
    made: str | None = None
    """The name on the wire that is made from the field's, with hyphens: the model itself knows only the latter."""

    def key(self, wire: str) -> str:
        """The name under which the model's validator takes what came under a name on the wire."""
        return self.name if wire == self.made else wire


def received_from(source: Any) -> dict[str, Any]:
    """Everything that came, by name: one value, or a list of several. A model's members take what is theirs from it."""
    found = {name: values_of(source, name) for name in source}
    return {name: values[0] if len(values) == 1 else values for name, values in found.items() if values}


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
    found = []
    for field in _fields(model):
        own = field.name.replace("_", "-") if hyphens else field.name
        wire = tuple(dict.fromkeys((*field.declared, *((own,) if field.by_name else ()))))
        takes_all = field.takes_all or any(is_sequence_type(member) for member in union_members(field.annotation))
        found.append(FieldNames(field.name, wire, takes_all, made=own if hyphens and field.by_name else None))
    return found


def tells_unknown_fields(model: Any) -> bool:
    """Whether fields that a model does not have make a difference to it: it refuses or keeps them."""
    if isclass(model) and issubclass(model, msgspec.Struct):
        return model.__struct_config__.forbid_unknown_fields
    config = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}
    return config.get("extra") in ("allow", "forbid")


def is_sent(item: Input, source: Any) -> bool:
    """Whether anything came that an optional model could be made of."""
    models = models_of(item.annotation)
    if any(tells_unknown_fields(model) for model in models) and any(True for _ in source):
        return True
    return any(values_of(source, wire) for model in models for names in names_of(model, item) for wire in names.wire)


def is_optional(item: Input) -> bool:
    """Whether the model may be missing as a whole."""
    return not item.required or NoneType in union_members(item.annotation)


def picking(annotation: Any, item: Input) -> Any:
    """The same type, each of whose models takes its own fields from everything that came."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        return Annotated[(picking(inner, item), *metadata)]
    members = get_args(annotation)
    if len(union_members(annotation)) > 1 and members:
        return Union[tuple(picking(member, item) for member in members)]  # noqa: UP007 - made from a tuple
    return Annotated[annotation, BeforeValidator(picker(annotation, item))] if is_fields_model(annotation) else annotation


def picker(model: Any, item: Input) -> Callable[[Any], Any]:
    """Make the function that takes a model's fields, and what else there is, from everything that came."""
    fields = names_of(model, item)
    is_header, is_form, chosen = item.kind == "header", item.kind == "form", chosen_of(item.kind)
    unasked = TRANSPORT_HEADERS if is_header and tells_unknown_fields(model) else frozenset[str]()
    # Proxies drop or rewrite headers with underscores: none of them stands in for the one with hyphens.
    unasked |= {names.name for names in fields if names.made is not None}

    def pick(received: Any) -> Any:
        if not isinstance(received, dict):
            return received
        picked: dict[str, Any] = {}
        seen: set[str] = set()
        for names in fields:
            for wire in names.wire:
                sent = wire.lower() if is_header else wire
                seen.add(sent)
                if sent not in received:
                    continue
                value = received[sent]
                # What a validator of the application has put here instead is taken as it is.
                values = value if isinstance(value, list) else [value]
                if names.takes_all:
                    picked[names.key(wire)] = values
                    break
                # An empty text is how browsers send a field that was left empty; in a list it is an item like any other.
                values = [each for each in values if each != ""] if is_form else values
                if values:
                    picked[names.key(wire)] = values[chosen]
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
    return {
        names.name: names.made
        for model in models_of(item.annotation)
        if getattr(model, "model_config", {}).get("loc_by_alias", True)
        for names in names_of(model, item)
        if names.made is not None
    }


def _is_unchosen_file(value: Any) -> bool:
    return isinstance(value, UploadFile) and not value.filename and not value.size


@dataclass(frozen=True)
class _Field:
    """A model's field as it was declared."""

    name: str
    annotation: Any
    declared: tuple[str, ...] = ()
    """Names on the wire that were said for it."""
    by_name: bool = True
    """Whether its own name is one too."""
    takes_all: bool = False
    """Whether a path into a list asks for every value."""


def _fields(model: Any) -> Iterable[_Field]:
    if hasattr(model, "model_fields"):
        for name, field in model.model_fields.items():
            yield _model_field(model, name, field)
    elif isclass(model) and issubclass(model, msgspec.Struct):
        for entry in msgspec.structs.fields(model):
            is_renamed = entry.encode_name != entry.name
            yield _Field(entry.name, entry.type, (entry.encode_name,) if is_renamed else (), not is_renamed)
    else:
        for name, annotation in get_type_hints(model, include_extras=True).items():
            yield _Field(name, annotation)


def _model_field(model: Any, name: str, field: FieldInfo) -> _Field:
    alias, config = field.validation_alias or field.alias, model.model_config
    if alias is None or config.get("validate_by_alias") is False:
        return _Field(name, field.annotation)
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    declared = tuple(str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices)
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name"))
    return _Field(
        name,
        field.annotation,
        declared,
        by_name,
        any(isinstance(choice, AliasPath) and len(choice.path) > 1 for choice in choices),
    )


# Every client sends these: they are no fields of a model that forbids extra ones, unless it declares them.
TRANSPORT_HEADERS = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent"})
