"""What arrays, images, sound and tables have in common: a value that travels as JSON or in a binary format of its own."""

import binascii
from abc import ABC, abstractmethod
from base64 import b64decode
from importlib import import_module
from typing import Any, ClassVar, Protocol, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from trine.errors import SetupError
from trine.http import Response


class Codec(Protocol):
    """One declaration beside one type, settled: how to read, write and describe its values."""

    def read(self, value: Any, /) -> Any:
        """Make the value of whatever was received. Raises `refused(...)`."""
        ...

    def encode(self, value: Any, /) -> Any:
        """Make what JSON can say of a value."""
        ...

    def schema(self, *, sent: bool) -> dict[str, Any]:
        """Describe the JSON form: what is taken, or what is sent."""
        ...


class Encoded(ABC):
    """Says in `Annotated` how a value travels, and what it must look like.

    Binding asks three things of it: `reads_body`, because no piece of text in a path or query carries such a value;
    `reads_in_thread`, where decoding takes long; and `representations`, among which a client chooses an answer's format.
    """

    reads_body: ClassVar[bool] = True
    reads_in_thread: ClassVar[bool] = False
    representations: ClassVar[tuple[type[Response], ...]] = ()

    @property
    @abstractmethod
    def media_types(self) -> tuple[str, ...]:
        """The binary formats that a body may have instead of JSON."""

    @abstractmethod
    def bind(self, source: Any) -> Codec:
        """Check the declaration once, against the type that it stands beside. Raises `SetupError`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        codec = self.bind(resolved(source))
        serialization = core_schema.plain_serializer_function_ser_schema(codec.encode, when_used="json")
        return core_schema.no_info_plain_validator_function(codec.read, serialization=serialization, metadata={_CODEC: codec})

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        codec: Codec = schema["metadata"][_CODEC]
        return codec.schema(sent=handler.mode == "serialization")


_CODEC = "trine_codec"


def refused(kind: str, message: str, /, *, at: tuple[str | int, ...] = (), **context: Any) -> ValidationError:
    """An error for the client: its message may name the values of the context in braces. What was sent is not repeated."""
    error = PydanticCustomError(kind, message, context or None)
    return ValidationError.from_exception_data("value", [InitErrorDetails(type=error, loc=at, input=None)])


def decode_base64(text: str, *, at: tuple[str | int, ...] = ()) -> bytes:
    """The bytes that a text stands for (RFC 4648 §4)."""
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refused("base64_invalid", "Input should be base64 with '+', '/' and padding", at=at) from None


def load(module: str, extra: str, needed_by: str) -> Any:
    """Import what an extra brings. Raises `SetupError` that names it where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise SetupError(f"{needed_by} needs {name}.", hint=f'Install it with: pip install "trine[{extra}]"') from error


def resolved(source: Any) -> Any:
    """The type that an alias stands for: from NumPy 2.5 on, `NDArray[float32]` is one (PEP 695)."""
    alias = get_origin(source) or source
    if not hasattr(alias, "__value__"):
        return source
    arguments = get_args(source)
    return resolved(alias.__value__[arguments] if arguments else alias.__value__)


def check_source(source: Any, kind: type, mark: str) -> None:
    """The type beside a mark must be the one that handlers will get. Raises `SetupError`."""
    base = get_origin(source) or source
    if base is not Any and not (isinstance(base, type) and issubclass(kind, base)):
        raise SetupError(
            f"{mark}() stands beside {source!r}, but the value will be a {kind.__module__}.{kind.__qualname__}.",
            hint=f"Write Annotated[{kind.__qualname__}, {mark}(...)].",
        )
