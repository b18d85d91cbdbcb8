"""How much a WebSocket may ask for: the size of a message, how many of them, and how long nothing may happen."""

import sys
from dataclasses import dataclass
from time import monotonic

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketLimits:
    """The limits of a route's connections, fixed when the application is built."""

    max_message_size: int = MEGABYTE
    """Most bytes of one message; a larger one closes with 1009."""
    max_messages_per_second: float | None = None
    """How many messages may come in a second, averaged; more close with 1008."""
    idle_timeout: float | None = None
    """Seconds without a message from the client until the connection is closed with 1008."""
    send_timeout: float | None = 30.0
    """Seconds that a message may wait for a client that does not read, until the connection is closed with 1008."""


UNLIMITED = WebSocketLimits(max_message_size=sys.maxsize, send_timeout=None)
"""What holds where no route says anything: another application, mounted or compatible, has limits of its own."""


class MessageRate:
    """Counts messages: as many as one second allows may come at once, and each second allows as many again."""

    __slots__ = ("_allowance", "_last", "per_second")

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._allowance = max(per_second, 1.0)
        self._last = monotonic()

    def allows(self) -> bool:
        """Count one message, and say whether it came in time."""
        now = monotonic()
        self._allowance = min(max(self.per_second, 1.0), self._allowance + (now - self._last) * self.per_second)
        self._last = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True
