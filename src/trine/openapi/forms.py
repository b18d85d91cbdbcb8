"""A form's schema, where it has several parts: fields that were declared one by one, and models of several fields."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trine.binding.models import is_optional, models_of, names_of, tells_unknown_fields
from trine.binding.signature import Input

from .schemas import REFERENCE, Schema


def write_form(title: str, parts: Iterable[tuple[Input, Schema]], components: Mapping[str, Schema]) -> Schema:
    """Write the object that a form is: its own fields are properties, each model is a member of `allOf`."""
    models: list[Schema] = []
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for item, schema in parts:
        if item.is_model:
            models.extend(_model_parts(item, schema, components))
            continue
        properties[item.alias] = schema
        if item.required:
            required.append(item.alias)
    written: Schema = {"properties": properties, "type": "object", "title": title}
    if models:
        written = {"allOf": models, **written}
    return {**written, "required": required} if required else written


def _model_parts(item: Input, schema: Schema, components: Mapping[str, Schema]) -> Iterator[Schema]:
    """What a model asks of the form. One that may be missing as a whole is absent where none of its fields is there."""
    present = _present(item, schema, components)
    if not is_optional(item):
        yield present
    elif item.required:
        # It may be None by its type, but nothing sent is no None: a form cannot say that.
        yield {"not": _absent(item)}
        yield present
    else:
        yield {"anyOf": [_absent(item), present]}


def _absent(item: Input) -> Schema:
    models = models_of(item.annotation)
    if any(tells_unknown_fields(model) for model in models):
        return {"maxProperties": 0}
    names = sorted({wire for model in models for field in names_of(model, item) for wire in field.wire})
    return {"not": {"anyOf": [{"required": [name]} for name in names]}} if names else {}


def _present(item: Input, schema: Schema, components: Mapping[str, Schema]) -> Schema:
    models = models_of(item.annotation)
    members = [member for member in schema.get("anyOf", [schema]) if member != {"type": "null"}]
    if len(models) == 1:
        members = [_with_all_names(member, models[0], item, components) for member in members]
    return {**schema, "anyOf": members} if "anyOf" in schema else members[0]


def _with_all_names(schema: Schema, model: Any, item: Input, components: Mapping[str, Schema]) -> Schema:
    """A model's schema that accepts each required field under any of its names: its component knows the first alone."""
    described = components.get(schema.get("$ref", "").removeprefix(REFERENCE))
    fields = getattr(model, "model_fields", {})
    several = [names for names in names_of(model, item) if len(names.wire) > 1 and fields[names.name].is_required()]
    if described is None or not several:
        return schema
    settled = {wire for names in several for wire in names.wire}
    return {
        **described,
        "required": [name for name in described.get("required", ()) if name not in settled],
        "allOf": [{"anyOf": [{"required": [wire]} for wire in names.wire]} for names in several],
    }
