"""Server-sent events: a stream of messages to a browser's EventSource (WHATWG HTML §9.2)."""

import re
from dataclasses import dataclass
from typing import Any

from .json import encode_json

# WHATWG HTML §9.2.5: these three, and no other of Unicode's line breaks, end a line.
_split_lines = re.compile("\r\n|\r|\n").split


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event. `data` is sent as JSON, text included; `raw_data` is text that is sent as it is. `retry` is in milliseconds.

    A browser dispatches no event without data, but keeps its `id` and `retry`. A `comment` reaches no program; it keeps
    a connection alive. Text that would break out of its line raises `ValueError`.
    """

    data: Any = None
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


def encode_event(event: ServerSentEvent) -> bytes:
    """Encode an event for the wire. `data` is encoded by msgspec; an event of nothing but a comment is a keep-alive."""
    lines = []
    if event.comment is not None:
        lines += [f": {line}" for line in _split_lines(event.comment)]
    if event.event is not None:
        lines.append(f"event: {event.event}")
    text = event.raw_data if event.data is None else encode_json(event.data).decode()
    if text is not None:
        lines += [f"data: {line}" for line in _split_lines(text)]
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    # Lone surrogates have no UTF-8 form, and one of them must not end the stream.
    return "\n".join([*lines, "", ""]).encode("utf-8", "replace")
