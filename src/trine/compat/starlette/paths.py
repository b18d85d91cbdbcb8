"""A declared path: the expression that recognises it, and the way back from parameters to text."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from trine.types import Scope

from .convertors import Convertor, find_convertor

_PLACE = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)}")
_PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")


@dataclass(frozen=True)
class DeclaredPath:
    """A path, or a host, with parameters in braces. `is_prefix` leaves the rest of a path to somebody else."""

    text: str
    is_prefix: bool = False

    @cached_property
    def convertors(self) -> dict[str, Convertor[Any]]:
        """The parameters' converters by name."""
        names = [name for name, _ in _PARAMETER.findall(self.text)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Duplicated param name{'s' if len(twice) > 1 else ''} {', '.join(twice)} at path {self.text}")
        return {name: find_convertor(kind or "str", self.text) for name, kind in _PARAMETER.findall(self.text)}

    @cached_property
    def format(self) -> str:
        """The path with parameters as `{name}` only."""
        return _PARAMETER.sub(r"{\1}", self.text)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The whole path as an expression with a named group for each parameter."""
        source, end = "^", 0
        for match in _PARAMETER.finditer(self.text):
            source += f"{re.escape(self.text[end : match.start()])}(?P<{match[1]}>{self.convertors[match[1]].regex})"
            end = match.end()
        rest = self.text[end:]
        # A host may come with a port, which no route names.
        last = re.escape(rest if self.text.startswith(("/", "[")) or not self.text else rest.split(":")[0])
        # Host names have no case.
        return re.compile(f"{source}{last}$", 0 if self.text.startswith("/") or not self.text else re.IGNORECASE)

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is a whole path without parameters, which fits only itself."""
        return self.text.startswith("/") and not self.is_prefix and "{" not in self.text

    def parse(self, text: str) -> dict[str, Any] | None:
        """The parameters' values where the text fits, else None."""
        if self.is_plain:
            return {} if text == self.text else None
        match = self.regex.match(text)
        if match is None:
            return None
        return {
            name: self.convertors[name].convert(value) if name in self.convertors else value
            for name, value in match.groupdict().items()
        }

    def fill(self, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Write parameters into the path; give what is left of them."""
        rest = dict(params)

        def written(match: re.Match[str]) -> str:
            name = match[1]
            if name not in rest:
                return match[0]
            value = rest.pop(name)
            return self.convertors[name].to_string(value) if name in self.convertors else str(value)

        text = _PLACE.sub(written, self.format)
        # Two slashes, or what browsers take for one, would begin a host.
        if text.startswith(("//", "/\\", "\\")):
            start = 1 if text.startswith("/") else 0
            text = f"/{quote(text[start], safe='')}{text[start + 1 :]}"
        return text, rest


def route_path(scope: Scope) -> str:
    """The part of a scope's path that is below where the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if not root or not path.startswith(root):
        return path
    if path == root:
        return ""
    return path[len(root) :] if path[len(root)] == "/" else path
