"""From types to JSON schemas: the named ones become components, and everything else refers to them.

All types of an application are described together, because a name depends on the others: two models called `Item`
get their modules in front, and a model that looks different when read than when sent becomes `Item-Input` and `Item-Output`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, JsonSchemaWarningKind
from pydantic_core import CoreSchema, core_schema

from trine.binding.validate import adapter_for, is_struct_type

REFERENCE = "#/components/schemas/"
Schema = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Described:
    """A type at one place of the document. It gets the title where its schema is not a component of its own."""

    annotation: Any
    mode: JsonSchemaMode
    title: str
    said: Mapping[str, Any] = field(default_factory=dict)
    """Keywords that stand beside the type's own."""
    where: str = ""
    in_struct: bool = False
    """Whether it is a Struct's field, whose constraints only msgspec reads."""

    @property
    def by_msgspec(self) -> bool:
        """Whether msgspec validates the type, and so describes it."""
        return self.in_struct or is_struct_type(self.annotation)


class Schemas:
    """The schemas of many places, and the components that they refer to."""

    def __init__(self, places: Iterable[Described], *, separate_input_output: bool = True) -> None:
        self.components: dict[str, Schema] = {}
        self._schemas: dict[Described, Schema] = {}
        places = list(places)
        structs = [place for place in places if place.by_msgspec]
        self._add_pydantic([place for place in places if not place.by_msgspec], separate_input_output)
        if structs:
            self._add_structs(structs)

    def __getitem__(self, place: Described) -> Schema:
        """A copy of the schema at a place."""
        schema = {**self._schemas[place], **place.said}
        if "$ref" not in schema:
            schema.setdefault("title", place.title)
        return schema

    def _add_pydantic(self, places: list[Described], separate: bool) -> None:
        inputs: list[tuple[Described, JsonSchemaMode, CoreSchema]] = []
        for place in places:
            schema = adapter_for(place.annotation, place.where).core_schema
            inputs.append((place, place.mode if separate or _is_computed(schema) else "validation", schema))
        found, definitions = _Generator(ref_template=REFERENCE + "{model}").generate_definitions(inputs)
        for (place, _), schema in found.items():
            self._schemas[place] = _tidy(schema)
        self.components.update({name: _tidy(schema) for name, schema in definitions.items()})

    def _add_structs(self, places: list[Described]) -> None:
        # What msgspec has no schema for takes any value, as far as the documentation knows.
        found, definitions = msgspec.json.schema_components(
            [place.annotation for place in places], schema_hook=lambda _: {}, ref_template=REFERENCE + "{name}"
        )
        names = {name: _free_name(name, self.components) for name in definitions}
        for place, schema in zip(places, found, strict=True):
            self._schemas[place] = _tidy(_renamed(schema, names))
        self.components.update({names[name]: _tidy(_titled(_renamed(schema, names))) for name, schema in definitions.items()})


class _Generator(GenerateJsonSchema):
    """Pydantic's generator with FastAPI's words: bytes are an octet stream."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 # as declared above it

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        json_schema = super().bytes_schema(schema)
        json_schema.pop("format", None)
        config = self._config
        if (config.ser_json_bytes if self.mode == "serialization" else config.val_json_bytes) == "base64":
            json_schema["contentEncoding"] = "base64"
        return {**json_schema, "contentMediaType": "application/octet-stream"}

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        # A type that JSON Schema has no words for leaves a gap in the documentation, not an application without one.
        return {}


def used_components(document: Mapping[str, Any], components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components that the document refers to, directly or through others, by name."""
    used: dict[str, Schema] = {}
    waiting = list(_references(document))
    while waiting:
        name = waiting.pop()
        if name in components and name not in used:
            used[name] = components[name]
            waiting.extend(_references(components[name]))
    return dict(sorted(used.items()))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith(REFERENCE):
            yield target.removeprefix(REFERENCE)
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _is_computed(schema: Any) -> bool:
    """Whether some model in a core schema has fields that exist only when it is sent."""
    if isinstance(schema, dict):
        return bool(schema.get("computed_fields")) or any(
            _is_computed(value) for key, value in schema.items() if key not in ("metadata", "config", "cls", "default")
        )
    return isinstance(schema, list | tuple) and any(map(_is_computed, schema))


def _free_name(name: str, taken: Collection[str]) -> str:
    """A Struct's component name: msgspec writes modules with dots, and Pydantic may have the name already."""
    name = name.replace(".", "__")
    return f"{name}-Struct" if name in taken else name


def _titled(schema: Schema) -> Schema:
    """Give a Struct's properties titles, as models have them."""
    properties = {
        name: inner if "$ref" in inner else {"title": name.replace("_", " ").title(), **inner}
        for name, inner in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else schema


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: REFERENCE + names[inner.removeprefix(REFERENCE)] if key == "$ref" else _renamed(inner, names)
            for key, inner in value.items()
        }
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def _tidy(schema: Any) -> Any:
    """Leave out what says nothing: defaults of null, empty lists of required names, and text after a form feed."""
    if isinstance(schema, list):
        return [_tidy(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tidied: Schema = {}
    for key, value in schema.items():
        if (key == "default" and value is None) or (key == "required" and value == []):
            continue
        if key in _NAMED_SCHEMAS and isinstance(value, dict):
            tidied[key] = {name: _tidy(inner) for name, inner in value.items()}
        elif key == "description" and isinstance(value, str):
            tidied[key] = value.partition("\f")[0]
        else:
            tidied[key] = value if key in _VALUES else _tidy(value)
    return tidied


_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_VALUES = frozenset({"default", "const", "enum", "example", "examples"})
