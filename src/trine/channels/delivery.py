"""What travels through a group, and what can go wrong on the way."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trine.errors import LimitExceeded, TrineError

T = TypeVar("T")
UNREADABLE: Any = object()
"""Stands for a message that does not fit its model: another program's, or another version's."""


class ChannelsUnavailable(TrineError):
    """Redis or PostgreSQL does not answer: nothing was sent, or nothing can be received."""


class SlowConsumer(LimitExceeded):
    """A subscriber takes its messages too slowly. A WebSocket is closed with 1008 where nobody catches it."""

    def __init__(self, group: str, limit: int) -> None:
        super().__init__(1008, f"More than {limit} messages of {group[:40]!r} wait to be taken (max_pending).")


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """A message as it arrives: its place in the group's order, its JSON, and its value."""

    id: str
    text: str
    message: T


@dataclass(frozen=True, slots=True)
class MemberChange:
    """Somebody came into a group, or left it."""

    member: str
    info: Any
    is_here: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as backends carry it."""

    id: str
    text: str

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the group's order."""
        return place_of(self.id)


def place_of(delivery_id: str) -> tuple[int, int]:
    """Read an id such as `1732170000000-0`. Raises ValueError for what is none."""
    first, dash, second = delivery_id.partition("-")
    if not (dash and first.isascii() and first.isdecimal() and second.isascii() and second.isdecimal() and len(delivery_id) < 42):
        raise ValueError(f"{delivery_id[:60]!r} is no id of a message.")
    return int(first), int(second)
