"""What an operation takes: parameters and the body, from the inputs of the handler and of its dependencies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from inspect import isclass
from typing import Annotated, Any, NotRequired, Required, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from pydantic import AliasChoices, Field
from pydantic.fields import FieldInfo

from trine.binding.annotations import is_fields_model, is_upload, metadata_of, says, union_members
from trine.binding.models import is_optional
from trine.binding.params import UNSET, File, Form, Header
from trine.binding.plan import Plan
from trine.binding.signature import Call, Input
from trine.binding.validate import input_annotation, is_struct_type
from trine.routing import PathPattern

from .forms import write_form
from .schemas import REFERENCE, Described, Schema, Schemas

_PLACES = {"path": 0, "query": 1, "header": 2, "cookie": 3}
_ALIASES = ("alias", "alias_priority", "validation_alias", "serialization_alias")


@dataclass(frozen=True, eq=False)
class Parameter:
    """A value of the path, the query, the headers or the cookies."""

    name: str
    kind: str
    place: Described
    required: bool
    source: Input | None = None
    """The input that it is the whole of."""

    def write(self, schemas: Schemas) -> dict[str, Any]:
        """Write OpenAPI's Parameter Object (OpenAPI 3.1 §4.8.12)."""
        schema = schemas[self.place]
        written: dict[str, Any] = {"name": self.name, "in": self.kind, "required": self.required, "schema": schema}
        if schema.get("description"):
            written["description"] = schema["description"]
        if schema.get("deprecated"):
            written["deprecated"] = True
        return written | ({} if self.source is None else _examples(self.source))


@dataclass(frozen=True, eq=False)
class RequestBody:
    """The body: one value, several by their names, or the fields of a form."""

    component: str | None
    """The component that holds several values; None where the body is one value."""
    inputs: tuple[Input, ...]
    places: tuple[Described, ...]
    media_type: str

    def write(self, schemas: Schemas) -> dict[str, Any]:
        """Write OpenAPI's Request Body Object (OpenAPI 3.1 §4.8.13)."""
        if self.component is None:
            content = {"schema": schemas[self.places[0]], **_examples(self.inputs[0])}
        else:
            parts = [(item, schemas[place]) for item, place in zip(self.inputs, self.places, strict=True)]
            schemas.components[self.component] = write_form(self.component, parts, schemas.components)
            content = {"schema": {"$ref": REFERENCE + self.component}}
        written: dict[str, Any] = {"content": {self.media_type: content, **self._binary_formats()}}
        if any(item.required for item in self.inputs):
            written["required"] = True
        return written

    def _binary_formats(self) -> dict[str, Any]:
        """The formats in which one value is sent as it is, beside JSON."""
        if self.component is not None or self.inputs[0].kind != "body":
            return {}
        types = [kind for mark in metadata_of(self.inputs[0].annotation) for kind in getattr(mark, "media_types", ())]
        return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}


def read_parameters(call: Call, pattern: PathPattern) -> list[Parameter]:
    """List the parameters of a handler and everything it depends on: its own first, each kind together.

    What stands in the path is listed also where no function declares it, because it is sent all the same.
    """
    found: dict[tuple[str, str], Parameter] = {}
    parameters = sorted([*_parameters(call), *_undeclared(call, pattern)], key=lambda parameter: _PLACES[parameter.kind])
    for parameter in parameters:
        key = (parameter.kind, parameter.name)
        # Where two functions read one name, it is required as soon as one of them needs it.
        if key not in found or parameter.required or not found[key].required:
            found[key] = parameter
    return list(found.values())


def read_body(plan: Plan, call: Call, unique_id: str) -> RequestBody | None:
    """Read what the operation's body is; None where it takes none."""
    if not plan.body_inputs:
        return None
    # A form model is told from others by its type: its own name is nowhere on the wire.
    seen: dict[Any, Input] = {}
    for item in own_inputs_first(call):
        if item.kind in ("body", "form", "file"):
            seen.setdefault((item.alias, repr(item.annotation)) if item.is_model else item.alias, item)
    inputs = tuple(seen.values())
    is_one = plan.body_kind == "json" or (plan.is_whole_body_form and not is_optional(inputs[0]))
    return RequestBody(
        None if is_one else f"Body_{unique_id}", inputs, tuple(place_of(item) for item in inputs), _media_type(inputs)
    )


def own_inputs_first(call: Call) -> Iterator[Input]:
    """Give a function's inputs, then those of its dependencies."""
    yield from call.inputs
    for _, dependency in call.dependencies:
        yield from own_inputs_first(dependency)


def place_of(item: Input) -> Described:
    """Where the document describes an input, with its constraints and its default."""
    title, options = item.alias.title().replace("_", " "), item.param.options
    said = {name: options[name] for name in ("title", "description", "examples") if options.get(name)}
    if options.get("deprecated"):
        said["deprecated"] = True
    if is_struct_type(item.annotation):
        if item.default is not UNSET and item.default is not None:
            said["default"] = msgspec.to_builtins(item.default)
        return Described(item.annotation, "validation", title, said, item.where)
    annotation = input_annotation(item)
    if item.kind == "file" and says(item.annotation, "reads_body"):
        annotation = bytes  # In a form it is a file like any other.
    if item.default is not UNSET:
        annotation = Annotated[annotation, Field(default=item.default)]
    return Described(annotation, "validation", title, said, item.where)


def _parameters(call: Call) -> Iterator[Parameter]:
    for item in own_inputs_first(call):
        if item.kind not in _PLACES or not item.param.include_in_schema:
            continue
        if item.is_model:
            yield from _model_parameters(item)
        else:
            yield Parameter(item.alias, item.kind, place_of(item), item.required, item)


def _undeclared(call: Call, pattern: PathPattern) -> Iterator[Parameter]:
    declared = {item.alias for item in own_inputs_first(call) if item.kind == "path"}
    for name, converter in pattern.parameters:
        if name not in declared:
            kind = _CONVERTED.get(converter.name, str)
            yield Parameter(name, "path", Described(kind, "validation", name.title().replace("_", " ")), required=True)


_CONVERTED = {"int": int, "float": float, "uuid": UUID}


def _model_parameters(item: Input) -> Iterator[Parameter]:
    """A parameter model is documented as its fields."""
    hyphens = isinstance(item.param, Header) and item.param.convert_underscores
    for model in union_members(item.annotation):
        for field in _fields(model) if is_fields_model(model) else ():
            name = field.alias or (field.name.replace("_", "-") if hyphens else field.name)
            title = (field.alias or field.name).replace("_", " ").title()
            place = Described(field.annotation, "validation", title, field.said, item.where, in_struct=is_struct_type(model))
            yield Parameter(name, item.kind, place, field.required and item.required)


@dataclass(frozen=True)
class _ModelField:
    name: str
    alias: str | None
    annotation: Any
    required: bool
    said: Schema = dataclass_field(default_factory=dict)


def _fields(model: Any) -> Iterable[_ModelField]:
    if hasattr(model, "model_fields"):
        fields = [_pydantic_field(name, info) for name, info in model.model_fields.items()]
        return [replace(field, alias=None) for field in fields] if _reads_names_only(model) else fields
    if isclass(model) and issubclass(model, msgspec.Struct):
        return [_struct_field(info) for info in msgspec.structs.fields(model)]
    hints = get_type_hints(model, include_extras=True)
    if hasattr(model, "__dataclass_fields__"):
        return [_pydantic_field(name, info) for name, info in _dataclass_fields(model)]
    required = getattr(model, "__required_keys__", frozenset(hints))
    return [_ModelField(name, None, _unmarked(hint), name in required) for name, hint in hints.items()]


def _unmarked(hint: Any) -> Any:
    """A TypedDict's hint without `Required` and `NotRequired`, which say nothing about the value."""
    while get_origin(hint) in (Required, NotRequired):
        hint = get_args(hint)[0]
    return hint


def _reads_names_only(model: Any) -> bool:
    return model.model_config.get("validate_by_alias") is False


def _pydantic_field(name: str, info: FieldInfo) -> _ModelField:
    parts = info.asdict()
    attributes = {word: value for word, value in parts["attributes"].items() if word not in _ALIASES}
    alias = info.validation_alias or info.alias
    if isinstance(alias, AliasChoices):
        alias = alias.choices[0]
    annotation: Any = Annotated[(parts["annotation"], *parts["metadata"], Field(**attributes))]
    return _ModelField(name, alias if isinstance(alias, str) else None, annotation, info.is_required())


def _dataclass_fields(model: Any) -> Iterator[tuple[str, FieldInfo]]:
    from pydantic.dataclasses import dataclass as validated_dataclass

    known = model if hasattr(model, "__pydantic_fields__") else validated_dataclass(model)
    yield from known.__pydantic_fields__.items()


def _struct_field(info: msgspec.structs.FieldInfo) -> _ModelField:
    said = {} if info.default in (msgspec.NODEFAULT, None) else {"default": msgspec.to_builtins(info.default)}
    alias = info.encode_name if info.encode_name != info.name else None
    return _ModelField(info.name, alias, info.type, info.required, said)


def _media_type(inputs: tuple[Input, ...]) -> str:
    if any(isinstance(item.param, File) or _holds_upload(item) for item in inputs):
        return "multipart/form-data"
    kinds = {getattr(item.param, "media_type", "application/json") for item in inputs}
    if len(kinds) == 1:
        return kinds.pop()
    # Of the kinds of form, the one that can carry everything.
    if "multipart/form-data" in kinds:
        return "multipart/form-data"
    is_form = any(isinstance(item.param, Form) for item in inputs)
    return "application/x-www-form-urlencoded" if is_form else "application/json"


def _holds_upload(item: Input) -> bool:
    """Whether a form model has a file among its fields."""
    return any(is_upload(field.annotation) for field in getattr(item.bare, "model_fields", {}).values())


def _examples(item: Input) -> dict[str, Any]:
    options = item.param.options
    if options.get("openapi_examples"):
        return {"examples": options["openapi_examples"]}
    return {"example": options["example"]} if "example" in options else {}
