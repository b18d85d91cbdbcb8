"""Server-sent events: a stream of messages to a browser's EventSource (WHATWG HTML §9.2)."""

import re
from dataclasses import dataclass
from typing import Any

# WHATWG HTML §9.2.5: these three, and no other of Unicode's line breaks, end a line.
_split_lines = re.compile("\r\n|\r|\n").split


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event. `data` that is no text is sent as JSON; `retry` is in milliseconds; a `comment` reaches no program.

    An event without data is not dispatched by the browser, though its `id` and `retry` are kept.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None


def encode_event(event: ServerSentEvent) -> bytes:
    """Encode an event for the wire. Raises `ValueError` where a name or id would break out of its line."""
    lines = []
    if event.comment is not None:
        lines += [f": {line}" for line in _split_lines(event.comment)]
    if event.event is not None:
        lines.append(f"event: {_one_line('event', event.event)}")
    if event.id is not None:
        if "\0" in event.id:
            raise ValueError(f"An event's id cannot be {event.id!r}: browsers ignore an id with a null character.")
        lines.append(f"id: {_one_line('id', event.id)}")
    if event.retry is not None:
        if event.retry < 0:
            raise ValueError(f"An event's retry cannot be {event.retry!r}: it is a number of milliseconds.")
        lines.append(f"retry: {int(event.retry)}")
    if event.data is not None:
        lines += [f"data: {line}" for line in _split_lines(_text(event.data))]
    # Lone surrogates have no UTF-8 form, and one of them must not end the stream.
    return "\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _one_line(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError(f"An event's {name} cannot be {value!r}: it must be one line.")
    return value


def _text(data: Any) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, bytes):
        return data.decode("utf-8", "replace")
    from .json import encode_json

    return encode_json(data).decode()
