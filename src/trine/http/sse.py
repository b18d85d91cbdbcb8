"""Server-sent events: a stream of messages to a browser's EventSource (WHATWG HTML §9.2)."""

import re
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from .response import Background, StreamingResponse

if TYPE_CHECKING:
    # With a default, `ServerSentEvent` alone is a complete type; loading the package for it is not worth the time.
    from typing_extensions import TypeVar

    Data = TypeVar("Data", default=Any)
else:
    from typing import TypeVar

    Data = TypeVar("Data")

# WHATWG HTML §9.2.5: these three, and no other of Unicode's line breaks, end a line.
_split_lines = re.compile("\r\n|\r|\n").split


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent(Generic[Data]):
    """One event. `data` is sent as JSON, text included; `raw_data` is text that is sent as it is. `retry` is in milliseconds.

    A browser dispatches no event without data, but keeps its `id` and `retry`. A `comment` reaches no program; it keeps
    a connection alive. Text that would break out of its line raises `ValueError`. In a return annotation,
    `ServerSentEvent[Token]` says what the data of every event is.
    """

    data: Data | None = None
    raw_data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        if self.data is not None and self.raw_data is not None:
            raise ValueError("An event has either data or raw_data, not both.")
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and ("\n" in value or "\r" in value):
                raise ValueError(f"An event's {name} cannot be {value!r}: it must be one line.")
        if self.id is not None and "\0" in self.id:
            raise ValueError(f"An event's id cannot be {self.id!r}: browsers ignore an id with a null character.")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"An event's retry cannot be {self.retry!r}: it is a number of milliseconds.")


def encode_data(value: Any) -> bytes:
    """Encode data of no particular type as JSON."""
    from .json import encode_json

    return encode_json(value)


class EventSourceResponse(StreamingResponse):
    """A stream of events, which no cache may keep and no proxy hold back.

    The source gives `ServerSentEvent`s, or values that become the data of one each; bytes are sent as they are. A stream that
    is silent for `ping_interval` seconds sends a comment, so that nobody on the way takes the connection for dead.
    """

    media_type = "text/event-stream"
    ping = b": ping\n\n"
    ping_interval = 15.0

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        ping_interval: float | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)
        self.headers.setdefault("cache-control", "no-cache")
        self.headers.setdefault("x-accel-buffering", "no")
        if ping_interval is not None:
            self.ping_interval = ping_interval

    @classmethod
    def item_encoder(
        cls, encode: Callable[[Any], bytes], exact: type | None = None, encode_exact: Callable[[Any], bytes] = bytes
    ) -> Callable[[Any], bytes]:
        """Encode events whose data has a known type."""

        def encode_item(item: Any) -> bytes:
            if type(item) is exact:
                return b"data: %b\n\n" % encode_exact(item)
            if isinstance(item, ServerSentEvent):
                return encode_event(item, encode)
            # JSON has no line breaks: nothing to split.
            return item if isinstance(item, bytes) else b"data: %b\n\n" % encode(item)

        return encode_item

    def encode_item(self, item: Any) -> bytes:
        """Encode an event, or the data of one."""
        return _encode_item(item)


def encode_event(event: ServerSentEvent[Any], encode: Callable[[Any], bytes] = encode_data) -> bytes:
    """Encode an event for the wire. `encode` turns its data into JSON; an event of nothing but a comment is a keep-alive."""
    lines = []
    if event.comment is not None:
        lines += [f": {line}" for line in _split_lines(event.comment)]
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.data is not None:
        lines.append(f"data: {encode(event.data).decode()}")
    elif event.raw_data is not None:
        lines += [f"data: {line}" for line in _split_lines(event.raw_data)]
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    # Lone surrogates have no UTF-8 form, and one of them must not end the stream.
    return "\n".join([*lines, "", ""]).encode("utf-8", "replace")


_encode_item = EventSourceResponse.item_encoder(encode_data)
