"""Values as JSON: msgspec encodes, Pydantic models speak for themselves."""

import sys
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, is_dataclass
from typing import Any

import msgspec


def encode_json(value: Any) -> bytes:
    """Encode a value as compact JSON in UTF-8. Raises TypeError naming the type that has no JSON form."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        # Lone surrogates have no UTF-8 form; they only arrive from a client's own text.
        return _encode(_without_surrogates(value))


def json_form(value: Any) -> Any:
    """Give a JSON-ready form of a value that msgspec does not know: Pydantic models, paths, generators, bytes."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None:
        if isinstance(value, pydantic.BaseModel):
            return msgspec.Raw(value.__pydantic_serializer__.to_json(value, by_alias=True))
        if is_dataclass(value) and hasattr(value, "__pydantic_serializer__"):
            return asdict(value)  # type: ignore[arg-type] # an instance: classes have no JSON form and raise below
        if type(value).__module__.startswith("pydantic"):
            return str(value)
    for kind, convert in _CONVERSIONS:
        if isinstance(value, kind):
            return convert(value)
    raise TypeError(f"A value of type '{type(value).__qualname__}' has no JSON form. Return a model, a dict, a list or a scalar.")


def _bytes_text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")


_CONVERSIONS: list[tuple[Any, Callable[[Any], Any]]] = [
    ((bytes, bytearray, memoryview), _bytes_text),
    (Mapping, dict),
    (Set, list),
]


def _fallback(value: Any) -> Any:
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    if hasattr(value, "pattern") and hasattr(value, "fullmatch"):
        return value.pattern
    if hasattr(value, "__next__"):
        return list(value)
    if type(value).__module__ == "ipaddress":
        return str(value)
    return json_form(value)


_encode = msgspec.json.Encoder(enc_hook=_fallback).encode


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
