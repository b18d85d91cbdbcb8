"""A declared path: the expression that recognises it, and the way back from parameters to text."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trine.types import Scope

from .convertors import Convertor, find_convertor

_PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")


@dataclass(frozen=True)
class DeclaredPath:
    """A path, or a host, with parameters in braces. `is_prefix` leaves the rest of a path to somebody else."""

    text: str
    is_prefix: bool = False

    @cached_property
    def convertors(self) -> dict[str, Convertor[Any]]:
        """The parameters' converters by name."""
        found: dict[str, Convertor[Any]] = {}
        for name, kind in _PARAMETER.findall(self.text):
            if name in found:
                raise ValueError(f"Duplicated param name {name} at path {self.text}")
            found[name] = find_convertor(kind or "str", self.text)
        return found

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
        last = re.escape(rest) if self.text.startswith("/") or not self.text else re.escape(rest.split(":")[0])
        return re.compile(f"{source}{last}$")

    def parse(self, text: str) -> dict[str, Any] | None:
        """The parameters' values where the text fits, else None."""
        match = self.regex.match(text)
        if match is None:
            return None
        return {
            name: self.convertors[name].convert(value) if name in self.convertors else value
            for name, value in match.groupdict().items()
        }

    def fill(self, params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Write parameters into the path; give what is left of them."""
        text, rest = self.format, dict(params)
        for name in list(rest):
            if "{" + name + "}" in text:
                convertor = self.convertors.get(name)
                value = rest.pop(name)
                text = text.replace("{" + name + "}", value if convertor is None else convertor.to_string(value))
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
