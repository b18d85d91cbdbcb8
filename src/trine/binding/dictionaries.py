"""Dictionaries that fit a response model, validated and encoded without making its instances.

A model whose fields are plain values says nothing that a typed dictionary of the same fields does not: the same checks, the
same JSON, at half of the cost. Whatever else a model can say (validators, serialisers, aliases, computed fields, settings)
makes it one that is left to Pydantic.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator

_VALUES = frozenset(
    {"int", "float", "str", "bool", "none", "date", "datetime", "time", "timedelta", "uuid", "decimal", "literal"}
)
_MODEL = frozenset({"type", "cls", "schema", "config", "metadata", "ref", "custom_init", "root_model"})
_FIELDS = frozenset({"type", "fields", "model_name", "computed_fields"})
_INERT = frozenset({"title", "from_attributes"})


def dictionary_encoder(schema: Any) -> Callable[[Any], bytes] | None:
    """The function that encodes dictionaries, or lists of them, as the model of a core schema would; None where it may not.

    It raises Pydantic's `ValidationError` for what is no such dictionary.
    """
    typed = _Typed().schema(schema)
    if typed is None or not _has_dictionaries(typed):
        return None
    validate, to_json = SchemaValidator(typed).validate_python, SchemaSerializer(typed).to_json
    return lambda value: to_json(validate(value))


def _has_dictionaries(schema: Any) -> bool:
    return bool(schema["type"] == "typed-dict" or (schema["type"] == "list" and schema["items_schema"]["type"] == "typed-dict"))


class _Typed:
    """Writes the schema of a model as one of typed dictionaries."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self.inside: list[str] = []

    def schema(self, schema: Mapping[str, Any]) -> Any:
        """The same with dictionaries in place of models; None where something is more than plain."""
        kind = schema["type"]
        if "serialization" in schema:
            return None
        if kind in _VALUES:
            return dict(schema)
        if kind == "definitions":
            self.definitions = {one["ref"]: one for one in schema["definitions"]}
            return self.schema(schema["schema"])
        if kind == "definition-ref":
            return self.referred(schema["schema_ref"])
        if kind == "model":
            return self.model(schema)
        if kind in ("list", "nullable", "default"):
            return self.around(schema, "items_schema" if kind == "list" else "schema")
        return None

    def referred(self, name: str) -> Any:
        """The schema behind a reference; None for a model inside of itself."""
        if name in self.inside or name not in self.definitions:
            return None
        self.inside.append(name)
        found = self.schema(self.definitions[name])
        self.inside.pop()
        return found

    def around(self, schema: Mapping[str, Any], name: str) -> Any:
        """A schema with another one inside."""
        if name not in schema or "default_factory" in schema:
            return None
        inner = self.schema(schema[name])
        return None if inner is None else {key: value for key, value in schema.items() if key != "ref"} | {name: inner}

    def model(self, schema: Mapping[str, Any]) -> Any:
        """A model's fields as those of a dictionary."""
        inner = schema["schema"]
        is_plain = schema.keys() <= _MODEL and not schema.get("custom_init") and not schema.get("root_model")
        if not is_plain or not (schema.get("config") or {}).keys() <= _INERT:
            return None
        if inner["type"] != "model-fields" or not inner.keys() <= _FIELDS or inner.get("computed_fields"):
            return None
        fields = {}
        for name, made in inner["fields"].items():
            typed = self.schema(made["schema"]) if made.keys() <= {"type", "schema", "metadata"} else None
            if typed is None:
                return None
            fields[name] = {"type": "typed-dict-field", "schema": typed, "required": typed["type"] != "default"}
        return {"type": "typed-dict", "fields": fields}
