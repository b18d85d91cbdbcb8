"""Values as JSON and back: msgspec encodes and decodes, Pydantic models speak for themselves."""

import json
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


def decode_json(data: bytes | str) -> Any:
    """Decode JSON as RFC 8259 has it: UTF-8, finite numbers, whole surrogate pairs. Of equal keys the last one counts.

    Raises ValueError, which says what is wrong and where.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        position, reason = find_json_error(data, str(error))
        raise ValueError(f"{reason} (character {position})") from error


def find_json_error(data: bytes | str, reason: str) -> tuple[int, str]:
    """Find where a text stops being JSON, in characters, and why. `reason` is told where only msgspec knows."""
    try:
        text = data if isinstance(data, str) else data.decode()
        json.dumps(json.loads(text, parse_constant=_refuse_constant), ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return error.pos, error.msg
    except UnicodeDecodeError as error:
        return error.start, "Not valid UTF-8"
    except UnicodeEncodeError:
        return 0, "Half of a surrogate pair in a text"
    except RecursionError:
        return 0, "Nested too deep"
    except ValueError as error:
        return 0, str(error).partition(":")[0]
    return 0, reason.partition(" - at `$")[0]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


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
