"""Values between processes: to what msgpack can say, and back to the declared type."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from pydantic import BaseModel

from trine.binding.annotations import bare_type, union_members
from trine.binding.validate import adapter_for, is_struct_type

_PLAIN = (int, float, str, bool, bytes, NoneType, Any, dict, list)
# What such a schema takes may be anything in Python that JSON cannot say, such as an array.
_BEYOND_JSON = frozenset({"any", "bytes", "callable", "function-plain", "is-instance", "is-subclass"})


@dataclass(frozen=True, slots=True)
class Packing:
    """How values of one type travel. None where they are what msgpack knows already."""

    pack: Callable[[Any], Any] | None = None
    unpack: Callable[[Any], Any] | None = None

    def pack_all(self, values: list[Any]) -> list[Any]:
        """Pack many values."""
        return values if self.pack is None else list(map(self.pack, values))


def make_packing(annotation: Any, where: str = "") -> Packing:
    """Find the cheapest way that gives equal values on the other side."""
    if _is_plain(annotation):
        return Packing()
    if is_struct_type(annotation):
        return Packing(None, lambda raw: msgspec.convert(raw, annotation))
    kind = bare_type(annotation)
    if kind is annotation and isclass(kind) and issubclass(kind, BaseModel) and _is_flat(kind):
        return _flat_packing(kind)
    adapter = adapter_for(annotation, where)
    serializer, validator = adapter.serializer, adapter.validator
    if _holds_any(adapter.core_schema):
        return Packing(
            lambda value: serializer.to_python(value, round_trip=True, by_alias=False),
            lambda raw: validator.validate_python(raw, by_alias=False, by_name=True),
        )
    return Packing(
        lambda value: serializer.to_json(value, round_trip=True, by_alias=False),
        lambda raw: validator.validate_json(raw, by_alias=False, by_name=True),
    )


def _flat_packing(kind: type[BaseModel]) -> Packing:
    """A model of nothing but numbers and texts, validated already: its fields, and which of them were set."""
    count = len(kind.model_fields)
    # Shared by all whose fields were all set: nothing can be added to it.
    everything = set(kind.model_fields)
    new, put = kind.__new__, object.__setattr__

    def pack(value: Any) -> Any:
        given = value.__pydantic_fields_set__
        return value.__dict__ if len(given) == count else [value.__dict__, list(given)]

    def unpack(raw: Any) -> Any:
        value = new(kind)
        if type(raw) is dict:
            put(value, "__dict__", raw)
            put(value, "__pydantic_fields_set__", everything)
        else:
            put(value, "__dict__", raw[0])
            put(value, "__pydantic_fields_set__", set(raw[1]))
        put(value, "__pydantic_extra__", None)
        put(value, "__pydantic_private__", None)
        return value

    return Packing(pack, unpack)


def _is_flat(kind: type[BaseModel]) -> bool:
    return (
        all(_is_scalar(info.annotation) for info in kind.model_fields.values())
        and kind.model_config.get("extra") != "allow"
        and not kind.__private_attributes__
        and kind.model_post_init is BaseModel.model_post_init
    )


def _is_scalar(annotation: Any) -> bool:
    return all(member in (int, float, str, bool, NoneType) for member in map(bare_type, union_members(annotation)))


def _is_plain(annotation: Any) -> bool:
    """Whether msgpack gives such values back as they were."""
    kind = bare_type(annotation)
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return True
    members = union_members(annotation)
    if len(members) > 1:
        return all(map(_is_plain, members))
    if origin in (list, dict):
        return all(map(_is_plain, inside))
    if is_typeddict(kind):
        return all(map(_is_plain, get_type_hints(kind).values()))
    return any(kind is plain for plain in _PLAIN)


def _holds_any(schema: Any) -> bool:
    if isinstance(schema, dict):
        opaque = ("metadata", "config", "default", "cls")
        return schema.get("type") in _BEYOND_JSON or any(_holds_any(part) for key, part in schema.items() if key not in opaque)
    return isinstance(schema, list | tuple) and any(map(_holds_any, schema))
