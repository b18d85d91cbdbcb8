"""What a path parameter looks like and becomes: `{id}`, `{id:int}`, `{price:float}`, `{key:uuid}`, `{rest:path}`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from trine.errors import SetupError


@dataclass(frozen=True)
class Converter:
    """A pattern for a part of the path, the value it becomes, and the text it is built from."""

    name: str
    pattern: str
    parse: Callable[[str], Any]
    build: Callable[[Any], str] = str
    rank: int = 10
    """Which of two converters is tried first at the same place: the lower one."""


def _build_text(value: Any) -> str:
    text = str(value)
    if not text or "/" in text:
        raise ValueError(f"{text!r} is empty or holds a slash")
    return text


def _build_int(value: Any) -> str:
    number = int(value)
    if number < 0:
        raise ValueError(f"{number} is negative")
    return str(number)


def _build_float(value: Any) -> str:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError(f"{number} is negative or not finite")
    return f"{number:0.20f}".rstrip("0").rstrip(".")


_converters: dict[str, Converter] = {
    converter.name: converter
    for converter in (
        # At most 18 digits: the value fits every database's integer, and int() stays cheap.
        Converter("int", r"[0-9]{1,18}", int, _build_int),
        Converter("float", r"[0-9]{1,18}(?:\.[0-9]{1,18})?", float, _build_float, rank=11),
        Converter("uuid", r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", UUID),
        Converter("str", r"[^/]+", str, _build_text, rank=20),
        Converter("path", r".*", str, rank=30),
    )
}


def register_converter(name: str, pattern: str, parse: Callable[[str], Any] = str, build: Callable[[Any], str] = str) -> None:
    """Add a converter for `{value:name}`. The pattern must not match a slash; `parse` may raise ValueError for "no match"."""
    if not name.isidentifier():
        raise SetupError(f"Converter name {name!r} is not an identifier.", hint="Use letters, digits and underscores.")
    try:
        re.compile(pattern)
    except re.error as error:
        raise SetupError(f"The pattern {pattern!r} of converter '{name}' is not a regular expression: {error}.") from None
    _converters[name] = Converter(name, pattern, parse, build)


def find_converter(name: str, path: str) -> Converter:
    """Look a converter up by its name."""
    try:
        return _converters[name]
    except KeyError:
        known = ", ".join(sorted(_converters))
        raise SetupError(
            f"Path '{path}' asks for the converter '{name}', which does not exist.",
            hint=f"Use one of: {known}; or add it with register_converter().",
        ) from None
