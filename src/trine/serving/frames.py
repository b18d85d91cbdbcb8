"""Messages over a Unix socket: a length, then msgpack. What is sent in one turn of the loop goes out in one write."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any

from .carrier import Carrier

MAX_FRAME = 1 << 30
"""Most bytes of one message. Both sides are ours: more is a mistake, not a message."""

_length = struct.Struct("<I")


class FrameProtocol(asyncio.Protocol):
    """One end of a connection. `on_message` gets every message, `on_lost` is called once when the other side is gone."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.on_message: Callable[[Any], None] = lambda message: None
        self.on_lost: Callable[[], None] = lambda: None
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = transport  # type: ignore[assignment] # a socket's transport is for both ways

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits for answers."""
        self._transport = None
        self.carrier.take_back()
        self.on_lost()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: Any) -> None:
        """Send a message. One to a side that has gone is lost, and `on_lost` has been told."""
        content = self.carrier.encode(message)
        if self._transport is not None:
            self._transport.write(_length.pack(len(content)) + content)

    def close(self) -> None:
        """Send what was written, and hang up."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Cut the bytes into messages."""
        if not self._buffer and len(data) >= 4 and _length.unpack_from(data)[0] == len(data) - 4:
            # The usual case: one read is one message.
            self.on_message(self.carrier.decode(memoryview(data)[4:]))
            return
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 4:
            (size,) = _length.unpack_from(buffer, start)
            if size > MAX_FRAME:
                self.close()
                return
            if len(buffer) - start - 4 < size:
                break
            message = bytes(memoryview(buffer)[start + 4 : start + 4 + size])
            start += 4 + size
            self.on_message(self.carrier.decode(message))
        del buffer[:start]
