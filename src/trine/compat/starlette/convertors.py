"""`starlette.convertors`: converters for path parameters, as objects with a pattern."""

from typing import Any, ClassVar, Generic, TypeVar

from trine.routing import Converter, register_converter
from trine.routing.converters import find_converter

T = TypeVar("T")


class Convertor(Generic[T]):
    """A pattern, the value that a match becomes, and the text that a value is written as."""

    regex: ClassVar[str] = ""

    def convert(self, value: str) -> T:
        """Turn matched text into a value."""
        raise NotImplementedError

    def to_string(self, value: T) -> str:
        """Turn a value into text for a path."""
        raise NotImplementedError


class _Known(Convertor[Any]):
    """One of Trine's converters."""

    def __init__(self, converter: Converter) -> None:
        self.regex = converter.pattern  # type: ignore[misc] # a class variable for those who subclass, an attribute here
        self.convert = converter.parse  # type: ignore[method-assign, assignment] # the converter's own functions
        self.to_string = converter.build  # type: ignore[method-assign, assignment] # the converter's own functions


class StringConvertor(_Known):
    """Text up to the next slash."""

    def __init__(self) -> None:
        super().__init__(find_converter("str", ""))


class PathConvertor(_Known):
    """All the rest of the path."""

    def __init__(self) -> None:
        super().__init__(find_converter("path", ""))


class IntegerConvertor(_Known):
    """A whole number."""

    def __init__(self) -> None:
        super().__init__(find_converter("int", ""))


class FloatConvertor(_Known):
    """A number."""

    def __init__(self) -> None:
        super().__init__(find_converter("float", ""))


class UUIDConvertor(_Known):
    """A UUID."""

    def __init__(self) -> None:
        super().__init__(find_converter("uuid", ""))


CONVERTOR_TYPES: dict[str, Convertor[Any]] = {
    "str": StringConvertor(),
    "path": PathConvertor(),
    "int": IntegerConvertor(),
    "float": FloatConvertor(),
    "uuid": UUIDConvertor(),
}


def find_convertor(name: str, path: str) -> Convertor[Any]:
    """Look a converter up by its name, among those that were registered here and Trine's own."""
    return CONVERTOR_TYPES.get(name) or _Known(find_converter(name, path))


def register_url_convertor(key: str, convertor: Convertor[Any]) -> None:
    """Make `{name:key}` known to every path that is declared from now on."""
    CONVERTOR_TYPES[key] = convertor
    register_converter(key, convertor.regex, convertor.convert, convertor.to_string)
