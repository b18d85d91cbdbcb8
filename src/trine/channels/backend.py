"""What carries messages between processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .delivery import Sent


@dataclass(frozen=True, slots=True)
class Member:
    """One stay in a group. Somebody with two windows open is one member with two stays."""

    group: str
    stay: str
    name: str
    info: str


class Listener(Protocol):
    """Where a backend puts what it receives."""

    def deliver(self, channel: str, sent: Sent) -> None:
        """Hand a message to everybody in this process who listens to the channel."""
        ...


class Backend(Protocol):
    """Memory, Redis or PostgreSQL. A channel is a group's messages, or its changes of members."""

    async def send(self, channel: str, text: str, keep: int) -> str:
        """Send to every process, keep the newest messages, and return the new one's id."""
        ...

    async def open(self, channel: str) -> None:
        """Begin to receive a channel."""
        ...

    async def release(self, channel: str) -> None:
        """Receive a channel no more."""
        ...

    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""
        ...

    async def join(self, member: Member) -> None:
        """Note that a member is here, and tell it where it was not."""
        ...

    async def leave(self, member: Member) -> None:
        """Note that a member's stay is over, and tell it where that was the last one."""
        ...

    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""
        ...

    async def close(self) -> None:
        """Leave nothing behind in this process."""
        ...
