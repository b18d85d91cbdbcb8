"""An event as a log keeps it."""

from typing import Any

import msgspec

from trine.http import ServerSentEvent
from trine.http.json import encode_json

from .position import Position


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of an event; its id is its position."""

    data: str | None = None
    event: str | None = None
    retry: int | None = None
    is_end: bool = False

    def at(self, position: Position) -> ServerSentEvent[Any]:
        """The event as it is sent."""
        return ServerSentEvent(raw_data=self.data, event=self.event, retry=self.retry, id=str(position))


encode_record = msgspec.json.Encoder().encode
decode_record = msgspec.json.Decoder(Record).decode

END = Record(is_end=True)
FAILED = Record(event="failed", data="")


def make_record(event: Any) -> Record:
    """Keep an event, or a value that is the data of one."""
    if not isinstance(event, ServerSentEvent):
        return Record(encode_json(event).decode())
    if event.id is not None:
        raise ValueError(f"The event has the id {event.id!r}, but a log numbers its events itself. Leave the id out.")
    data = event.raw_data if event.data is None else encode_json(event.data).decode()
    return Record(data, event.event, event.retry)
