"""What a WebSocket knows of the models that its messages are made of."""

from dataclasses import dataclass
from typing import Any, Protocol


class Decode(Protocol):
    """Turns a message into a value. Raises `MessageValidationError`."""

    def __call__(self, data: str | bytes, /) -> Any:
        """Decode a message."""
        ...


class Encode(Protocol):
    """Turns a value into the text of a message. Raises `ResponseValidationError`."""

    def __call__(self, value: Any, /) -> str:
        """Encode a value."""
        ...


@dataclass(frozen=True, slots=True)
class MessageCodec:
    """How the messages of a `WebSocket[In, Out]` become values, and values messages."""

    decode: Decode
    encode: Encode
