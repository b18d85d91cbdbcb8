"""A log in the memory of one process."""

import time
from collections import deque

from .entry import Record
from .log import EventLog
from .position import Bounds, Position
from .tail import Tail


class MemoryEventLog(EventLog):
    """Keeps events in this process: for development, for tests, and for programs that run in one process alone."""

    def __init__(self, *, max_events: int = 10_000, max_age: float = 3600.0) -> None:
        super().__init__(max_events=max_events, max_age=max_age)
        self._times: dict[str, deque[float]] = {}
        """When each event came, by stream; the stream that was silent for the longest time first."""
        self._recorded: set[str] = set()

    def _new_tail(self, stream: str) -> Tail:
        return Tail(_new_life(), self.max_events)

    async def _append(self, stream: str, record: Record) -> Position:
        now = time.monotonic()
        self._forget_before(now - self.max_age)
        tail = self._tails.get(stream)
        if tail is None:
            tail = self._tails[stream] = self._new_tail(stream)
        times = self._times.pop(stream, None)
        if times is None:
            times = deque(maxlen=self.max_events)
        times.append(now)
        self._times[stream] = times
        position = Position(tail.life, tail.last + 1)
        tail.add(position, record)
        while times[0] < now - self.max_age:
            times.popleft()
            tail.events.popleft()
        return position

    def _forget_before(self, moment: float) -> None:
        while self._times:
            stream, times = next(iter(self._times.items()))
            if times and times[-1] >= moment:
                return
            del self._times[stream]
            tail = self._tails[stream]
            if tail.followers:
                tail.events.clear()
            else:
                del self._tails[stream]

    async def _bounds(self, stream: str) -> Bounds | None:
        tail = self._tails.get(stream)
        return None if tail is None else Bounds(tail.life, tail.last - len(tail.events) + 1, tail.last)

    async def _read(self, stream: str, position: Position) -> list[Record]:
        return self._tails[stream].after(position) or []

    async def _listen(self, stream: str) -> None:
        """Every event is added to the tail itself."""

    async def _leave(self, stream: str) -> None:
        if stream not in self._times:
            del self._tails[stream]

    async def _claim(self, stream: str) -> bool:
        tail = self._tails.get(stream)
        if stream in self._recorded or (tail is not None and tail.events and tail.events[-1].is_end):
            return False
        self._recorded.add(stream)
        if tail is not None and tail.events:
            # Half a recording: its source has died.
            self._times[stream].clear()
            tail.restart(_new_life())
        return True

    async def _renew(self, stream: str) -> None:
        """A recorder of this process dies with it."""

    async def _is_recorded(self, stream: str) -> bool:
        return stream in self._recorded

    async def _release(self, stream: str) -> None:
        self._recorded.discard(stream)


def _new_life() -> int:
    return time.time_ns() // 1_000_000
