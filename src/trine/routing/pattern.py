"""A path as it was declared, taken apart into segments."""

import re
from dataclasses import dataclass
from functools import cached_property

from trine.errors import SetupError
from trine.familiar import path_in_our_words

from .converters import Converter, find_converter

_PARAMETER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")


@dataclass(frozen=True)
class Segment:
    """One part between slashes: text, a parameter, or a mixture such as `{name}.{ending}`."""

    text: str
    parameters: tuple[tuple[str, Converter], ...]

    @property
    def is_static(self) -> bool:
        """Whether the segment is text alone."""
        return not self.parameters

    @property
    def is_plain(self) -> bool:
        """Whether the segment is one parameter alone."""
        return len(self.parameters) == 1 and self.text == ""

    @property
    def takes_rest(self) -> bool:
        """Whether a parameter may hold slashes."""
        return any(converter.name == "path" for _, converter in self.parameters)


@dataclass(frozen=True)
class PathPattern:
    """A declared path. Raises `SetupError` where it cannot be understood."""

    path: str

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise SetupError(f"Path '{self.path}' must start with '/'.", hint=f"Write '/{self.path}'.")
        meant = path_in_our_words(self.path)
        if meant is not None:
            raise SetupError(f"Path '{self.path}' has parameters in angle brackets.", hint=f"Write '{meant}'.")
        names = [name for name, _ in self.parameters]
        for name in names:
            if not name.isidentifier():
                raise SetupError(f"Path '{self.path}' has a parameter named '{name}'.", hint="Use a Python identifier.")
            if names.count(name) > 1:
                raise SetupError(f"Path '{self.path}' has the parameter '{name}' twice.", hint="Rename one of them.")
        if "{" in _PARAMETER.sub("", self.path) or "}" in _PARAMETER.sub("", self.path):
            raise SetupError(f"Path '{self.path}' has a brace that does not belong to a parameter.", hint="Write '{name}'.")

    @cached_property
    def parameters(self) -> tuple[tuple[str, Converter], ...]:
        """Names and converters, from left to right."""
        return tuple(
            (match[1], find_converter("str" if match[2] is None else match[2], self.path))
            for match in _PARAMETER.finditer(self.path)
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, from left to right."""
        return tuple(name for name, _ in self.parameters)

    @property
    def is_static(self) -> bool:
        """Whether the path has no parameters."""
        return not self.parameters

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The whole path as a regular expression with one group for each parameter."""
        source, end = "", 0
        for match, (_, converter) in zip(_PARAMETER.finditer(self.path), self.parameters, strict=True):
            source += f"{re.escape(self.path[end : match.start()])}({converter.pattern})"
            end = match.end()
        return re.compile(source + re.escape(self.path[end:]), re.DOTALL)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The parts between slashes, left to right."""
        return tuple(_segment(part, self.path) for part in self.path[1:].split("/"))

    @cached_property
    def openapi_path(self) -> str:
        """The path as OpenAPI writes it: parameters without their converters."""
        return _PARAMETER.sub(lambda match: "{" + match[1] + "}", self.path)

    @cached_property
    def shape(self) -> str:
        """The path with parameters reduced to their converters: two routes of one shape answer the same requests."""
        converters = iter(self.parameters)
        return _PARAMETER.sub(lambda match: "{" + next(converters)[1].name + "}", self.path)


def _segment(part: str, path: str) -> Segment:
    parameters = tuple(
        (match[1], find_converter("str" if match[2] is None else match[2], path)) for match in _PARAMETER.finditer(part)
    )
    if parameters and _PARAMETER.fullmatch(part):
        return Segment("", parameters)
    return Segment(part, parameters)
