"""The newest events of a stream in this process, and who waits for more."""

import asyncio
from collections import deque
from itertools import islice

from .entry import Record
from .position import Position


class Tail:
    """A row of events without a gap. Readers that are further behind than it reaches must look elsewhere."""

    __slots__ = ("_waiting", "changes", "events", "followers", "last", "life")

    def __init__(self, life: int = 0, size: int = 100) -> None:
        self.life = life
        self.last = 0
        self.events: deque[Record] = deque(maxlen=size)
        self.followers = 0
        self.changes = 0
        """Counts what happened, so that nobody waits for what has happened already."""
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, position: Position, record: Record) -> None:
        """Add the newest event. One that does not join on begins a new row."""
        if position != Position(self.life, self.last + 1):
            self.events.clear()
        self.life, self.last = position.life, position.number
        self.events.append(record)
        self.wake()

    def after(self, position: Position) -> list[Record] | None:
        """Give the events after a position. None where they are not all here."""
        behind = self.last - position.number
        if position.life != self.life or not 0 <= behind <= len(self.events):
            return None
        return [self.events[-1]] if behind == 1 else list(islice(self.events, len(self.events) - behind, None))

    def restart(self, life: int = 0) -> None:
        """Begin a new life, empty. In life 0 nothing is known, and every follower must look elsewhere."""
        self.events.clear()
        self.life, self.last = life, 0
        self.wake()

    def wake(self) -> None:
        """Let everybody look again."""
        self.changes += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, since: int) -> None:
        """Wait until something has happened since a count of changes."""
        if self.changes == since:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
