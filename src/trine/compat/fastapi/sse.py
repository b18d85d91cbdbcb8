"""`fastapi.sse`: server-sent events."""

from collections.abc import Callable
from typing import Any

from trine import http
from trine.compat.starlette.responses import StreamingResponse
from trine.http.sse import encode_event

from .streaming import encode_item

__all__ = ["EventSourceResponse", "ServerSentEvent", "format_sse_event"]


class ServerSentEvent(http.ServerSentEvent):
    """One event. `data` is sent as JSON, `raw_data` as it is."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Refuse what a browser would misread, in FastAPI's words."""
        if self.data is not None and self.raw_data is not None:
            raise ValueError("Cannot set both 'data' and 'raw_data' on the same ServerSentEvent.")
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and ("\n" in value or "\r" in value):
                raise ValueError(f"SSE '{name}' must be a single line")
        if self.id is not None and "\0" in self.id:
            raise ValueError("SSE 'id' must not contain null characters")
        if self.retry is not None and (type(self.retry) is not int or self.retry < 0):
            raise ValueError("SSE 'retry' must be a non-negative integer")


class EventSourceResponse(StreamingResponse, http.EventSourceResponse):
    """A stream of events, which no cache may keep and no proxy hold back. What is given to it directly is sent as it is."""

    @classmethod
    def item_encoder(
        cls, encode: Callable[[Any], bytes], exact: type | None = None, encode_exact: Callable[[Any], bytes] = bytes
    ) -> Callable[[Any], bytes]:
        """Encode what a route yields: values by their declared type, the data of events as it comes."""

        def encode_value_or_event(item: Any) -> bytes:
            if type(item) is exact:
                return b"data: " + encode_exact(item) + b"\n\n"
            if isinstance(item, http.ServerSentEvent):
                return encode_event(item, encode_item)
            return b"data: " + encode(item) + b"\n\n"

        return encode_value_or_event

    def encode_item(self, item: Any) -> bytes:
        """Text and bytes as they are."""
        return http.StreamingResponse.encode_item(self, item)


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """Encode an event whose data is text already."""
    return encode_event(http.ServerSentEvent(raw_data=data_str, event=event, id=id, retry=retry, comment=comment))
