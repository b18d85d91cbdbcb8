"""Values as JSON: msgspec encodes, Pydantic models speak for themselves."""

from collections.abc import Callable, Iterator, Mapping, Set
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from operator import attrgetter
from os import PathLike, fspath
from re import Pattern
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
    """Give the JSON form of a value that msgspec does not know by itself."""
    if hasattr(value, "__pydantic_serializer__") and not isinstance(value, type):
        return msgspec.Raw(value.__pydantic_serializer__.to_json(value, by_alias=True))
    for kind, convert in _FORMS:
        if isinstance(value, kind):
            return convert(value)
    if type(value).__module__.startswith("pydantic"):
        return str(value)  # URLs, colours and their kin
    raise TypeError(f"A value of type '{type(value).__qualname__}' has no JSON form. Return a model, a dict, a list or a scalar.")


_FORMS: list[tuple[Any, Callable[[Any], Any]]] = [
    (Mapping, dict),
    (Set | Iterator, list),
    (PathLike, fspath),
    (Pattern, attrgetter("pattern")),
    (IPv4Address | IPv6Address | IPv4Network | IPv6Network | IPv4Interface | IPv6Interface, str),
]
_encode = msgspec.json.Encoder(enc_hook=json_form).encode


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
